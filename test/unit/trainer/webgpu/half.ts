// float16, and the scale of its loss.
import type { OptimizerSettings } from '../../../../src/recipes/recipe.ts';
import { BatchLoader } from '../../../../src/trainer/data/batches.ts';
import { requirePrecision } from '../../../../src/trainer/devices/halfFloats.ts';
import { stepPlacement } from '../../../../src/trainer/devices/placement.ts';
import { stepNumbers } from '../../../../src/trainer/devices/precision.ts';
import { FusedSteps } from '../../../../src/trainer/engine/fusedSteps.ts';
import { stepFor } from '../../../../src/trainer/engine/stepFor.ts';
import { lossScaleTag, lossTag } from '../../../../src/trainer/engine/stepNames.ts';
import { initialState, type TrainState } from '../../../../src/trainer/engine/trainState.ts';
import { oneImage, programOf, squaredDistance } from '../stepSupport.ts';
import { type Device, subjects, Training, traced } from './training.ts';

export const halfCases = { lossScale, half };

type Scale = NonNullable<TrainState['lossScale']>;

/** What steps with a scaled loss gave. */
export interface ScaledSteps {
  readonly losses: readonly number[];
  /** The scale with which each step began. */
  readonly scales: readonly number[];
  readonly parameters: readonly number[];
  /** Behind the last step. */
  readonly lossScale: Scale;
}

export type ScaleOnGpu = Readonly<Record<'cpu' | 'webgpu' | 'resumed', ScaledSteps>>;

/** From each of the scales: the same steps on the CPU, on the device, and there in two goes with the state in arrays between them. */
async function lossScale(): Promise<readonly ScaleOnGpu[]> {
  const found: ScaleOnGpu[] = [];
  // The first is too large, so that gradients are infinite; the second grows, since it has done well for long.
  for (const begin of [
    { scale: 2 ** 127, goodSteps: 1996 },
    { scale: 2 ** 10, goodSteps: 1997 },
  ]) {
    found.push({
      cpu: await distanceSteps('cpu', begin, [8]),
      webgpu: await distanceSteps('webgpu', begin, [8]),
      resumed: await distanceSteps('webgpu', begin, [3, 5]),
    });
  }
  return found;
}

const adam: OptimizerSettings = {
  ...{ kind: 'adamw', learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 },
  ...{ warmupSteps: 0, schedule: 'constant', finalFraction: 0, emaDecay: 0.9 },
};

/** A loss without products, which needs no 16-bit floats. */
async function distanceSteps(device: Device, begin: Scale, calls: readonly number[]): Promise<ScaledSteps> {
  const goal = [3, -1, 0.5, 8];
  const parameter = { name: 'value', shape: [4], initializer: { kind: 'zeros' }, decay: false } as const;
  const program = programOf([parameter], adam, (inputs) => squaredDistance(inputs, { value: { goal } }));
  const numbers = stepNumbers({ precision: 'fp16', accumulate: 1, deterministic: false }, device);
  const step = stepFor(device, program, oneImage.facts, numbers);
  let state: TrainState = { ...initialState(step.pack.initialValues(0)), lossScale: begin };
  const metrics = { [lossTag]: [] as number[], [lossScaleTag]: [] as number[] };
  for (const count of calls) {
    const loader = new BatchLoader(oneImage, 0);
    const steps = new FusedSteps({
      ...{ step, optimizer: program.optimizer, batchSize: 1, totalSteps: 8, seed: 0, loader },
      placement: { device, threads: 1 },
    });
    const made = await steps.run(state, count);
    state = made.state;
    for (const [tag, values] of Object.entries(metrics)) values.push(...made.metrics.get(tag)!);
    steps.dispose();
    loader.dispose();
  }
  return {
    losses: metrics[lossTag]!,
    scales: metrics[lossScaleTag]!,
    parameters: [...state.vectors.parameters],
    lossScale: state.lossScale!,
  };
}

export interface HalfOnGpu {
  readonly name: string;
  readonly webgpu: ScaledSteps;
  /** With factors and results rounded to float16, and sums of float32. */
  readonly cpu: ScaledSteps;
  readonly onCpu: readonly string[];
}

/** Steps in float16 beside the CPU's, or why there are none. The first scale is too large for the gradients, so that steps are skipped. */
async function half(...names: readonly string[]): Promise<readonly HalfOnGpu[] | { readonly refusal: string }> {
  const refusal = await requirePrecision('fp16', 'webgpu').then(() => '', String);
  if (refusal !== '') return { refusal };
  const found: HalfOnGpu[] = [];
  for (const name of names) {
    const { result, trace } = await traced((prefix) => halfSteps(name, 'webgpu', prefix));
    const onCpu = stepPlacement(trace, 'webgpu').onCpu.map(({ op }) => op);
    found.push({ name, webgpu: result, cpu: await halfSteps(name, 'cpu'), onCpu });
  }
  return found;
}

async function halfSteps(name: string, device: Device, tracePrefix?: string): Promise<ScaledSteps> {
  const numbers = stepNumbers({ precision: 'fp16', accumulate: 1, deterministic: false }, device);
  const training = new Training(subjects[name]!, device, false, numbers);
  const steps = new FusedSteps(training.plan, tracePrefix);
  const { metrics, state } = await steps.run({ ...training.first, lossScale: { scale: 2 ** 18, goodSteps: 5 } }, 10);
  if (tracePrefix !== undefined) steps.endTrace();
  steps.dispose();
  training.dispose();
  return {
    losses: [...metrics.get(lossTag)!],
    scales: [...metrics.get(lossScaleTag)!],
    parameters: [...state.vectors.parameters],
    lossScale: state.lossScale!,
  };
}
