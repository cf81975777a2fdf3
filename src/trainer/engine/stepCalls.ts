import type { Disposable } from '../../base/disposables.ts';
import { rowsInput } from '../../graph/index.ts';
import { type OptimizerSettings, randomCounter } from '../../recipes/recipe.ts';
import type { BatchLoader } from '../data/batches.ts';
import type { HeldState } from './heldState.ts';
import { firstLossScale, lossScaleKeys, lossScaleNames } from './lossScale.ts';
import { scheduleAt } from './optimizer.ts';
import { takePart } from './parameterParts.ts';
import type { ResidentData } from './residentData.ts';
import type { Placement, TensorInput } from './session.ts';
import { groupScheduleNames, partName, scheduleInput, stateKeys } from './stepNames.ts';
import { scalesLoss } from './stepNumbers.ts';
import type { TrainState } from './trainState.ts';
import type { TrainStep } from './trainStep.ts';

/** What does not change over a run. */
export interface StepPlan {
  readonly step: TrainStep;
  readonly optimizer: OptimizerSettings;
  /** Examples per step, over all its parts. */
  readonly batchSize: number;
  readonly totalSteps: number;
  readonly seed: number;
  readonly loader: BatchLoader;
  readonly placement: Placement;
  /** The set of the loader, where it is to lie on the device. */
  readonly resident?: ResidentData;
}

/** Milliseconds of one call: waiting for examples, handing state and examples over, computing, updates by the kernel, and taking the state back. */
export interface CallTimes {
  readonly data: number;
  readonly transferIn: number;
  readonly compute: number;
  /** 0 where updates are nodes of the model. */
  readonly update: number;
  readonly transferOut: number;
}

/** What a call gave: the state behind its last step, and per tag one value for each step. */
export interface CallResult {
  readonly state: HeldState;
  readonly metrics: ReadonlyMap<string, Float32Array>;
  readonly times: CallTimes;
}

/** A way to make several steps at once on a kind of device. It owns its models and every state on the device that it gave. */
export interface StepCalls extends Disposable {
  /** Makes the model ready, so that the first call does not have to. */
  prepare(): Promise<void>;
  /** Goes on from a state, which stays as it is. */
  run(from: HeldState, count: number): Promise<CallResult>;
  /** Closes the trace of ONNX Runtime. */
  endTrace(): void;
}

/** Inputs with a leading axis over the steps: examples or their numbers, counters of random numbers, schedules. */
export async function sequenceInputs(
  plan: StepPlan,
  { step: done, position }: Pick<TrainState, 'step' | 'position'>,
  count: number,
): Promise<Record<string, TensorInput>> {
  const { step, totalSteps, seed } = plan;
  // Each part of a batch draws numbers of its own.
  const draws = step.numbers.accumulate ?? 1;
  const counters = BigInt64Array.from({ length: count * draws }, (_, i) => randomCounter(seed, done * draws + i));
  const inputs = await exampleInputs(plan, position, count);
  inputs['counter'] = { data: counters, shape: [count, ...sequenceShape(step, 'counter')] };
  for (const [group, settings] of step.groups.entries()) {
    const schedules = Array.from({ length: count }, (_, i) => scheduleAt(settings, done + i, totalSteps));
    for (const name of groupScheduleNames(group)) {
      const data = Float32Array.from(schedules, (schedule) => schedule[name]);
      inputs[scheduleInput(name, group)] = { data, shape: [count] };
    }
  }
  return inputs;
}

async function exampleInputs(
  { step, batchSize, loader, resident }: StepPlan,
  position: number,
  count: number,
): Promise<Record<string, TensorInput>> {
  if (resident !== undefined) {
    const [name, { shape: table }] = Object.entries(resident.tables)[0]!;
    const shape = sequenceShape(step, name);
    const rows = Int32Array.from(loader.numbers(position, count * batchSize));
    return { [rowsInput]: { data: rows, shape: [count, ...shape.slice(0, shape.length - table.length + 1)] } };
  }
  const arrays = await loader.take(position, count * batchSize);
  const named = Object.entries(arrays);
  return Object.fromEntries(
    named.map(([name, data]) => [name, { data, shape: [count, ...sequenceShape(step, name)] }]),
  );
}

/** The values of one step out of those of a call. */
export function ofStep(sequence: Readonly<Record<string, TensorInput>>, step: number): Record<string, TensorInput> {
  const entries = Object.entries(sequence).map(
    ([
      name,
      {
        data,
        shape: [count = 1, ...shape],
      },
    ]) => {
      const size = data.length / count;
      return [name, { data: data.subarray(step * size, (step + 1) * size), shape }] as const;
    },
  );
  return Object.fromEntries(entries);
}

function sequenceShape({ scan }: TrainStep, name: string): readonly number[] {
  return scan.sequence.find((each) => each.name === name)!.input.shape;
}

/** The vectors of a state and the scale of its loss, under the names of the model's inputs. */
export function stateInputs(step: TrainStep, state: TrainState): Record<string, TensorInput> {
  const inputs: Record<string, TensorInput> = {};
  for (const key of stateKeys) {
    for (const [i, part] of step.parts.entries()) {
      inputs[partName(key, i)] = { data: takePart(state.vectors[key], part), shape: [part.size] };
    }
  }
  if (!scalesLoss(step.numbers)) return inputs;
  const values = state.lossScale ?? firstLossScale;
  for (const key of lossScaleKeys) inputs[lossScaleNames[key]] = { data: Float32Array.of(values[key]), shape: [] };
  return inputs;
}
