import type { Checkpoint } from '../domain/checkpoint.ts';
import { inspectCheckpoint } from '../readers/index.ts';

/** What a file says of itself, as fields of `Checkpoint`. */
type Told = Pick<Checkpoint, 'step' | 'epoch' | 'problem'>;

interface Kept {
  readonly sizeBytes: number;
  readonly modifiedAt: number;
  readonly told: Told;
}

const parallelReads = 8;
const mostKept = 10_000;

/**
 * Steps of checkpoints whose names tell none, `last.safetensors`, from what the files say of themselves. Of a file only what describes its tensors is read, and once for as long as
 * it stays the same; of all others nothing is.
 */
export class LastSteps {
  readonly #kept = new Map<string, Kept>();

  /** The same checkpoints in the same order. One that cannot be read is without a step, with the reason as `problem`. */
  async added(checkpoints: readonly Checkpoint[]): Promise<readonly Checkpoint[]> {
    const silent = checkpoints.filter(isSilent);
    const told = new Map<Checkpoint, Told>();
    for (let from = 0; from < silent.length; from += parallelReads) {
      const batch = silent.slice(from, from + parallelReads);
      await Promise.all(batch.map(async (each) => told.set(each, await this.#tell(each))));
    }
    return checkpoints.map((each) => ({ ...each, ...told.get(each) }));
  }

  async #tell({ path, sizeBytes, modifiedAt }: Checkpoint): Promise<Told> {
    const known = this.#kept.get(path);
    if (known?.sizeBytes === sizeBytes && known.modifiedAt === modifiedAt) return known.told;
    const told = await readTold(path);
    // Put last again: the first of the map is the one that was read longest ago.
    this.#kept.delete(path);
    this.#kept.set(path, { sizeBytes, modifiedAt, told });
    if (this.#kept.size > mostKept) this.#kept.delete([...this.#kept.keys()][0]!);
    return told;
  }
}

/** ONNX models say nothing of training, and would be read in whole. */
function isSilent({ isLast, step, epoch, format }: Checkpoint): boolean {
  return isLast && step === undefined && epoch === undefined && format !== 'onnx';
}

async function readTold(file: string): Promise<Told> {
  const read = await inspectCheckpoint(file);
  if (!read.ok) return { problem: read.message };
  const { step, epoch } = read.value;
  return { ...(step === undefined ? {} : { step }), ...(epoch === undefined ? {} : { epoch }) };
}
