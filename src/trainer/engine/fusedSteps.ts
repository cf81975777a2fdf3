import type { Disposable } from '../../base/disposables.ts';
import { nextName, scanModel } from '../../graph/index.ts';
import { learningRateAt, type OptimizerSettings, randomCounter } from '../../recipes/recipe.ts';
import type { BatchLoader } from '../data/batches.ts';
import { modelOptions } from '../devices/providers.ts';
import { firstLossScale, type LossScale, lossScaleKeys, lossScaleNames } from './lossScale.ts';
import { scheduleAt } from './optimizer.ts';
import { putPart, takePart } from './parameterParts.ts';
import { ModelSession, type Placement, type TensorData, type TensorInput } from './session.ts';
import { scalesLoss } from './stepNumbers.ts';
import type { TrainState } from './trainState.ts';
import {
  groupScheduleNames,
  learningRateTag,
  metricOutput,
  partName,
  type StateKey,
  scheduleInput,
  stateKeys,
  type TrainStep,
} from './trainStep.ts';

/** What one call gave back: the state behind its last step, per tag one value for each step, and where its time went. */
export interface FusedResult {
  readonly state: TrainState;
  readonly metrics: ReadonlyMap<string, Float32Array>;
  readonly times: CallTimes;
}

/** Milliseconds of one call: waiting for examples, handing state and examples over, computing, and taking the state back. */
export interface CallTimes {
  readonly data: number;
  readonly transferIn: number;
  readonly compute: number;
  readonly transferOut: number;
}

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
}

/**
 * Runs training steps, several of them in one call of ONNX Runtime. A model is made per number of steps and kept. The result does not depend on how steps are grouped.
 */
export class FusedSteps implements Disposable {
  readonly #plan: StepPlan;
  readonly #sessions = new Map<number, ModelSession>();

  readonly #tracePrefix: string | undefined;

  /** With `tracePrefix`, ONNX Runtime traces every node of every call; see `endTrace`. */
  constructor(plan: StepPlan, tracePrefix?: string) {
    this.#plan = plan;
    this.#tracePrefix = tracePrefix;
  }

  /** Makes the model for a number of steps ready, so that the first call does not have to. */
  async prepare(count: number): Promise<void> {
    await this.#session(count);
  }

  /** Goes `count` steps on from a state, which stays as it is. */
  async run(state: TrainState, count: number): Promise<FusedResult> {
    const session = await this.#session(count);
    const { step, optimizer, batchSize, totalSteps } = this.#plan;
    const begin = performance.now();
    const sequence = await this.#sequenceInputs(state, count);
    const loaded = performance.now();
    const inputs = { ...vectorInputs(step, state), ...lossScaleInputs(step, state), ...sequence };
    const handedOver = performance.now();
    const outputs = await session.run(inputs);
    const computed = performance.now();
    const vectors = joinVectors(step, outputs);
    const times: CallTimes = {
      data: loaded - begin,
      transferIn: handedOver - loaded,
      compute: computed - handedOver,
      transferOut: performance.now() - computed,
    };
    const metrics = new Map(step.tags.map((tag) => [tag, outputs[metricOutput(tag)] as Float32Array]));
    metrics.set(
      learningRateTag,
      Float32Array.from({ length: count }, (_, i) => learningRateAt(optimizer, state.step + i, totalSteps)),
    );
    const next = {
      step: state.step + count,
      position: state.position + count * batchSize,
      ...nextLossScale(step, outputs),
      vectors,
    };
    return { state: next, metrics, times };
  }

  /** Closes the trace files of all models. */
  endTrace(): void {
    for (const session of this.#sessions.values()) session.endTrace();
  }

  dispose(): void {
    for (const session of this.#sessions.values()) session.dispose();
    this.#sessions.clear();
  }

  async #session(count: number): Promise<ModelSession> {
    const known = this.#sessions.get(count);
    if (known !== undefined) {
      // Put last again: the first in the map is the one that was not used for longest.
      this.#sessions.delete(count);
      this.#sessions.set(count, known);
      return known;
    }
    this.#forgetOldest();
    const { step, placement } = this.#plan;
    const model = scanModel(step.scan, count, modelOptions[placement.device]);
    const made = await ModelSession.create(model, placement, this.#tracePrefix);
    this.#sessions.set(count, made);
    return made;
  }

  /**
   * Models keep the memory that they once took, and a run needs few of them: its usual number, the rest before something that is due, the rest at its end.
   * That of one step, with which a run begins, goes when another one comes.
   */
  #forgetOldest(): void {
    const oldest = [...this.#sessions][0];
    const isBeginning = oldest?.[0] === 1 && this.#sessions.size === 1;
    if (oldest === undefined || (this.#sessions.size < mostModels && !isBeginning)) return;
    oldest[1].dispose();
    this.#sessions.delete(oldest[0]);
  }

  /** Inputs with a leading axis over the steps: examples, counters of random numbers, schedules. */
  async #sequenceInputs(state: TrainState, count: number): Promise<Record<string, TensorInput>> {
    const { step, batchSize, totalSteps, seed, loader } = this.#plan;
    const batches = await loader.take(state.position, count * batchSize);
    // Each part of a batch draws numbers of its own.
    const draws = step.numbers.accumulate ?? 1;
    const first = state.step * draws;
    const counters = BigInt64Array.from({ length: count * draws }, (_, i) => randomCounter(seed, first + i));
    const shapes = new Map(step.scan.sequence.map(({ name, input }) => [name, [count, ...input.shape]]));
    const inputs: Record<string, TensorInput> = { counter: { data: counters, shape: shapes.get('counter')! } };
    for (const [name, data] of Object.entries(batches)) inputs[name] = { data, shape: shapes.get(name)! };
    for (const [group, settings] of step.groups.entries()) {
      const schedules = Array.from({ length: count }, (_, i) => scheduleAt(settings, state.step + i, totalSteps));
      for (const name of groupScheduleNames(group)) {
        const data = Float32Array.from(schedules, (schedule) => schedule[name]);
        inputs[scheduleInput(name, group)] = { data, shape: [count] };
      }
    }
    return inputs;
  }
}

/** How many models a run keeps. */
export const mostModels = 3;

function vectorInputs({ parts }: TrainStep, { vectors }: TrainState): Record<string, TensorInput> {
  const inputs: Record<string, TensorInput> = {};
  for (const key of stateKeys) {
    for (const [i, part] of parts.entries()) {
      inputs[partName(key, i)] = { data: takePart(vectors[key], part), shape: [part.size] };
    }
  }
  return inputs;
}

function lossScaleInputs({ numbers }: TrainStep, state: TrainState): Record<string, TensorInput> {
  if (!scalesLoss(numbers)) return {};
  const values = state.lossScale ?? firstLossScale;
  const entries = lossScaleKeys.map((key) => [lossScaleNames[key], { data: Float32Array.of(values[key]), shape: [] }]);
  return Object.fromEntries(entries);
}

function nextLossScale({ numbers }: TrainStep, outputs: Readonly<Record<string, TensorData>>) {
  if (!scalesLoss(numbers)) return {};
  const value = (key: keyof LossScale<number>) => Number(outputs[nextName(lossScaleNames[key])]![0]);
  return { lossScale: { scale: value('scale'), goodSteps: value('goodSteps') } };
}

function joinVectors({ parts, pack }: TrainStep, outputs: Readonly<Record<string, TensorData>>): TrainState['vectors'] {
  const joined = stateKeys.map((key) => {
    const vector = new Float32Array(pack.size);
    for (const [i, part] of parts.entries()) {
      putPart(vector, part, outputs[nextName(partName(key, i))] as Float32Array);
    }
    return [key, vector] as const;
  });
  return Object.fromEntries(joined) as Record<StateKey, Float32Array>;
}
