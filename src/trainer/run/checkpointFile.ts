import { AppError } from '../../base/errors.ts';
import type { ParameterSlot } from '../../graph/index.ts';
import { type StateKey, stateKeys } from '../engine/stepNames.ts';
import type { TrainState } from '../engine/trainState.ts';
import {
  encodeTensors,
  floatTensor,
  floatValues,
  type NamedTensor,
  readTensors,
  type TensorFile,
} from '../files/safetensors.ts';

/** What a checkpoint says about itself, in the metadata of the file. All values are text, as the format wants it. */
export interface CheckpointFacts {
  readonly recipe: string;
  readonly recipeVersion: number;
  readonly architecture: string;
  readonly runId: string;
  readonly runName: string;
  readonly seed: number;
  /** The resolved configuration as JSON. */
  readonly config: string;
  /** What the network was built for as JSON (`DataFacts`), so that it can be used where the data set is not; '' in older files. */
  readonly data: string;
}

/** A checkpoint that was read back. */
export interface LoadedCheckpoint {
  readonly path: string;
  readonly facts: CheckpointFacts;
  readonly state: TrainState;
}

const formatName = 'trainyard-checkpoint-1';

/** What the names of a vector's tensors begin with: `model.mlp.0.weight`, `average.mlp.0.weight`. */
const prefixes = {
  parameters: 'model.',
  average: 'average.',
  gradientSum: 'adam.gradient_sum.',
  squareSum: 'adam.square_sum.',
} as const satisfies { readonly [K in StateKey]: string };

const stepTensor = 'trainer.step';
const positionTensor = 'trainer.position';
/** F32 [2]: the scale and the good steps; only of runs that scale their loss. */
const lossScaleTensor = 'trainer.loss_scale';

/** The pieces of a checkpoint file. */
export function encodeCheckpoint(
  state: TrainState,
  layout: readonly ParameterSlot[],
  facts: CheckpointFacts,
): readonly Uint8Array[] {
  const named = stateKeys.flatMap((key) =>
    layout.map(({ name, shape, offset, size }) =>
      floatTensor(prefixes[key] + name, shape, state.vectors[key].subarray(offset, offset + size)),
    ),
  );
  const counts = [countTensor(stepTensor, state.step), countTensor(positionTensor, state.position)];
  // Eight-byte numbers come first, so that every tensor is aligned to its elements.
  return encodeTensors([...counts, ...lossScaleTensors(state), ...named], toMetadata(state, facts));
}

/** What a checkpoint says about itself. Throws AppError 'bad-file' where it is none of ours. */
export function readCheckpointFacts(file: string): CheckpointFacts {
  return toFacts(file, readTensors(file));
}

/**
 * Reads a checkpoint and arranges it as a run wants it. Throws AppError 'bad-file' where it is none of ours or damaged, and 'bad-config'
 * where it belongs to another architecture.
 */
export function loadCheckpoint(file: string, layout: readonly ParameterSlot[], architecture: string): LoadedCheckpoint {
  const contents = readTensors(file);
  const facts = toFacts(file, contents);
  if (facts.architecture !== architecture) {
    throw new AppError(
      'bad-config',
      `${file} is a checkpoint of ${facts.architecture}; this run trains ${architecture}.`,
      {
        hint: 'Resume with the configuration of that run, or choose another checkpoint.',
      },
    );
  }
  const vectors = Object.fromEntries(stateKeys.map((key) => [key, readVector(file, contents, prefixes[key], layout)]));
  const state = {
    step: readCount(file, contents, stepTensor),
    position: readCount(file, contents, positionTensor),
    ...readLossScale(contents),
    vectors: vectors as Record<StateKey, Float32Array>,
  };
  return { path: file, facts, state };
}

function lossScaleTensors({ lossScale }: TrainState): readonly NamedTensor[] {
  if (lossScale === undefined) return [];
  return [floatTensor(lossScaleTensor, [2], Float32Array.of(lossScale.scale, lossScale.goodSteps))];
}

function readLossScale({ tensors }: TensorFile): Pick<TrainState, 'lossScale'> {
  const tensor = tensors.get(lossScaleTensor);
  if (tensor?.type !== 'F32' || tensor.bytes.byteLength !== 8) return {};
  const [scale, goodSteps] = floatValues(tensor) as unknown as [number, number];
  return { lossScale: { scale, goodSteps } };
}

function toMetadata(state: TrainState, facts: CheckpointFacts): Record<string, string> {
  return {
    format: formatName,
    step: String(state.step),
    recipe: facts.recipe,
    recipe_version: String(facts.recipeVersion),
    architecture: facts.architecture,
    run_id: facts.runId,
    run_name: facts.runName,
    seed: String(facts.seed),
    config: facts.config,
    data: facts.data,
  };
}

function toFacts(file: string, { metadata }: TensorFile): CheckpointFacts {
  if (metadata['format'] !== formatName) {
    throw new AppError('bad-file', `${file} was not written by this trainer, so training cannot go on from it.`, {
      hint: 'Choose a file of a checkpoints folder of one of our runs.',
    });
  }
  const text = (key: string) => metadata[key] ?? '';
  return {
    recipe: text('recipe'),
    recipeVersion: Number(text('recipe_version')),
    architecture: text('architecture'),
    runId: text('run_id'),
    runName: text('run_name'),
    seed: Number(text('seed')),
    config: text('config'),
    data: text('data'),
  };
}

function readVector(
  file: string,
  { tensors }: TensorFile,
  prefix: string,
  layout: readonly ParameterSlot[],
): Float32Array {
  const values = new Float32Array(layout.reduce((total, { size }) => total + size, 0));
  for (const { name, shape, offset } of layout) {
    const tensor = tensors.get(prefix + name);
    if (tensor === undefined) throw mismatch(file, `it has no tensor ${prefix + name}.`);
    if (tensor.type !== 'F32' || tensor.shape.join() !== shape.join()) {
      throw mismatch(
        file,
        `${prefix + name} is ${tensor.type} [${tensor.shape.join(', ')}], not F32 [${shape.join(', ')}].`,
      );
    }
    values.set(floatValues(tensor), offset);
  }
  return values;
}

function countTensor(name: string, value: number): NamedTensor {
  return { name, type: 'I64', shape: [1], bytes: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer) };
}

function readCount(file: string, { tensors }: TensorFile, name: string): number {
  const tensor = tensors.get(name);
  if (tensor?.type !== 'I64' || tensor.bytes.byteLength !== 8) throw mismatch(file, `it has no count ${name}.`);
  return Number(new BigInt64Array(new Uint8Array(tensor.bytes).buffer)[0]);
}

function mismatch(file: string, why: string): AppError {
  return new AppError('bad-file', `Training cannot go on from ${file}: ${why}`, { hint: 'Choose another checkpoint.' });
}
