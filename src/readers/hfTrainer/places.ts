import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { stateFileName } from './stateFile.ts';

const checkpointName = /^checkpoint-(\d+)$/;

/** Whether the Trainer names its checkpoints so (transformers/trainer_utils.py, PREFIX_CHECKPOINT_DIR); other libraries do it too. */
export function isCheckpointFolder(name: string): boolean {
  return checkpointName.test(name);
}

/** A state on the disk. */
export interface StatePlace {
  /** Relative to the output folder. */
  readonly name: string;
  readonly file: string;
  /** Changes whenever the file does. */
  readonly look: string;
  readonly modifiedAt: number;
  readonly createdAt: number;
  readonly size: number;
  /** The step in the folder's name; infinite for the output folder's own, which is written last. */
  readonly step: number;
}

/** The states of an output folder: its own first, then those of its checkpoints, the newest first. Empty where the folder cannot be listed. `only` names one file. */
export async function listStates(folder: string, only?: string): Promise<readonly StatePlace[]> {
  if (only !== undefined) return [await placeOf(folder, only)].filter((place) => place !== undefined);
  const names = await readdir(folder).catch(() => []);
  const checkpoints = names.filter(isCheckpointFolder).map((name) => `${name}/${stateFileName}`);
  const places = await Promise.all([stateFileName, ...checkpoints].map((name) => placeOf(folder, name)));
  return places.filter((place) => place !== undefined).sort((a, b) => (a.step === b.step ? 0 : b.step - a.step));
}

async function placeOf(folder: string, name: string): Promise<StatePlace | undefined> {
  const file = path.join(folder, name);
  try {
    const found = await stat(file, { bigint: true });
    if (!found.isFile()) return undefined;
    return {
      name,
      file,
      look: `${found.ino}:${found.size}:${found.mtimeNs}`,
      modifiedAt: Number(found.mtimeNs) / 1e9,
      createdAt: Number(found.birthtimeNs) / 1e9,
      size: Number(found.size),
      step: Number(checkpointName.exec(path.dirname(name))?.[1] ?? Number.POSITIVE_INFINITY),
    };
  } catch {
    return undefined;
  }
}
