// What the tests ask of WebGPU, each in a process of its own.
import {
  add,
  encodeModel,
  Graph,
  grad,
  inputName,
  isFloating,
  mul,
  reduceSum,
  sizeOf,
  standardize,
  type Value,
} from '../../../../src/graph/index.ts';
import { stepPlacement } from '../../../../src/trainer/devices/placement.ts';
import { modelOptions } from '../../../../src/trainer/devices/providers.ts';
import { liveDeviceTensors } from '../../../../src/trainer/engine/deviceTensor.ts';
import { Evaluator } from '../../../../src/trainer/engine/evaluation.ts';
import { FusedSteps } from '../../../../src/trainer/engine/fusedSteps.ts';
import { ModelSession, type TensorData, type TensorInput } from '../../../../src/trainer/engine/session.ts';
import { lossTag } from '../../../../src/trainer/engine/stepNames.ts';
import { everything } from '../../../gpu/everyOperation.ts';
import { halfCases } from './half.ts';
import { runCases } from './runs.ts';
import { type Device, subjects, Training, traced } from './training.ts';

export const cases: Readonly<Record<string, (...args: readonly string[]) => Promise<unknown>>> = {
  normGradient: async () => ({ cpu: await normGradient('cpu'), webgpu: await normGradient('webgpu') }),
  residency,
  networks,
  operations,
  ...halfCases,
  ...runCases,
};

/** The gradient of a sum behind which a layer norm stands, as in every residual network. */
async function normGradient(device: Device): Promise<readonly number[]> {
  const graph = new Graph();
  const [a, b] = [graph.input('a', [2, 3, 16]), graph.input('b', [2, 3, 16])];
  const y = standardize(add(a, b));
  const [gradient] = grad(reduceSum(mul(y, mul(y, y)), undefined, false), [a]);
  const session = await ModelSession.create(encodeModel(graph, { gradient: gradient! }, modelOptions[device]), {
    device,
    threads: 1,
  });
  const input = (factor: number) => ({
    data: Float32Array.from({ length: 96 }, (_, i) => Math.sin(i * factor)),
    shape: [2, 3, 16],
  });
  const outputs = await session.run({ a: input(1.3), b: input(0.7) });
  session.dispose();
  return [...(outputs['gradient'] as Float32Array)];
}

export interface Residency {
  readonly expected: Pick<OnDevice, 'losses' | 'average'>;
  /** With the loader's batches, and with the data set on the device. */
  readonly runs: readonly OnDevice[];
  /** Tensors of the device that are left when all is disposed. */
  readonly left: number;
}

export interface OnDevice {
  readonly place: string;
  readonly step: number;
  readonly position: number;
  readonly losses: readonly number[];
  readonly average: readonly number[];
  readonly failure: string;
  /** From weights on the device and from arrays. */
  readonly figures: readonly Readonly<Record<string, number>>[];
  /** Tensors on the device behind each part. */
  readonly live: readonly number[];
}

/** Two calls with the state on the device between them, one that fails, and an evaluation. */
async function residency(): Promise<Residency> {
  const right = new Training(subjects.mlp, 'cpu', false);
  const { metrics, state } = await right.steps.run(right.first, 5);
  right.dispose();
  const runs = [await onDevice(false), await onDevice(true)];
  const expected = { losses: [...metrics.get(lossTag)!], average: [...state.vectors.average] };
  return { expected, runs, left: liveDeviceTensors() };
}

async function onDevice(isResident: boolean): Promise<OnDevice> {
  const { steps, first, program, data, plan, loader } = new Training(subjects.mlp, 'webgpu', isResident);
  const live: number[] = [];
  const before = await steps.advance(steps.hold(first), 2);
  live.push(liveDeviceTensors());
  // Of a set on the device no examples are asked for.
  loader.isUnplugged = true;
  const failure = isResident ? '' : await steps.advance(before.state, 3).then(() => '', String);
  loader.isUnplugged = isResident;
  live.push(liveDeviceTensors());
  const after = await steps.advance(before.state, 3);
  before.state.dispose();
  live.push(liveDeviceTensors());
  const state = await after.state.download();
  const evaluator = await Evaluator.create(program, program.evaluations[0]!, data, plan.placement);
  const held = await evaluator.measure(await after.state.average(), async () => {});
  const arrays = await evaluator.measure(state.vectors.average, async () => {});
  evaluator.dispose();
  steps.dispose();
  return {
    place: after.state.place,
    step: state.step,
    position: state.position,
    losses: [...before.metrics.get(lossTag)!, ...after.metrics.get(lossTag)!],
    average: [...state.vectors.average],
    failure,
    figures: [held.figures, arrays.figures],
    live,
  };
}

export interface NetworkOnGpu {
  readonly name: string;
  readonly losses: readonly number[];
  readonly expected: readonly number[];
  /** Operators of nodes on the CPU. */
  readonly onCpu: readonly string[];
  readonly copies: number;
}

/** Two steps of each network beside the CPU's, and what stays on the CPU. */
async function networks(...names: readonly string[]): Promise<readonly NetworkOnGpu[]> {
  const found: NetworkOnGpu[] = [];
  for (const name of names) {
    const [right, made] = [new Training(subjects[name]!, 'cpu', false), new Training(subjects[name]!, 'webgpu', true)];
    const expected = await right.steps.run(right.first, 2);
    const { result, trace } = await traced(async (prefix) => {
      const steps = new FusedSteps(made.plan, prefix);
      const { metrics } = await steps.run(made.first, 2);
      steps.endTrace();
      steps.dispose();
      return metrics;
    });
    const placement = stepPlacement(trace, 'webgpu');
    found.push({
      name,
      losses: [...result.get(lossTag)!],
      expected: [...expected.metrics.get(lossTag)!],
      onCpu: placement.onCpu.map(({ op }) => op),
      copies: placement.copies,
    });
    right.dispose();
    made.dispose();
  }
  return found;
}

export interface OperationsOnGpu {
  readonly outputs: number;
  /** The largest difference from the CPU, relative to the largest number of the output. */
  readonly worst: number;
  /** Operators of nodes by where they ran; of those on the CPU that compute with int64 only the number is told. */
  readonly onDevice: readonly string[];
  readonly onCpu: readonly string[];
  readonly wideOnCpu: number;
}

/** Every operation and its gradient. */
async function operations(): Promise<OperationsOnGpu> {
  const { graph, results, inputs } = everything();
  const loss = results.filter(({ dtype }) => isFloating(dtype)).reduce<Value | undefined>(summed, undefined)!;
  const values = [...results, ...grad(loss, inputs)];
  const outputs = Object.fromEntries(values.map((value, i) => [`y${i}`, value]));
  const run = async (device: Device, trace?: string) => {
    const session = await ModelSession.create(
      encodeModel(graph, outputs, modelOptions[device]),
      { device, threads: 1 },
      trace,
    );
    const found = await session.run(feedsOf(graph));
    if (trace !== undefined) session.endTrace();
    session.dispose();
    return found;
  };
  const right = await run('cpu');
  const { result: made, trace } = await traced((prefix) => run('webgpu', prefix));
  const { nodes } = trace;
  const onCpu = nodes.filter(({ provider }) => provider === 'CPU');
  const isWide = ({ inputs: types }: { readonly inputs: string }) => types.startsWith('int64');
  return {
    outputs: values.length,
    worst: Math.max(...Object.keys(outputs).map((name) => distance(made[name]!, right[name]!))),
    onDevice: [...new Set(nodes.filter(({ provider }) => provider !== 'CPU').map(({ op }) => op))],
    onCpu: [...new Set(onCpu.filter((node) => !isWide(node)).map(({ op }) => op))],
    wideOnCpu: onCpu.filter(isWide).length,
  };
}

function summed(sum: Value | undefined, value: Value): Value {
  const own = reduceSum(value, undefined, false);
  return sum === undefined ? own : add(sum, own);
}

/** Numbers between 0.2 and 0.8, of which every operation has a result. In each row of four the first or the second is the largest: a place on every axis. */
function feedsOf(graph: Graph): Record<string, TensorInput> {
  const entries = graph.inputs.map((input) => {
    const { shape, dtype } = input;
    const values = Array.from(
      { length: sizeOf(shape) },
      (_, i) => 0.35 + 0.1 * Math.sin(i * i + shape.length) + (i % 4 === (i >> 2) % 2 ? 0.3 : 0),
    );
    return [
      inputName(input),
      { data: dtype === 'int64' ? BigInt64Array.of(12_345n) : Float32Array.from(values), shape },
    ];
  });
  return Object.fromEntries(entries);
}

function distance(made: TensorData, right: TensorData): number {
  const numbers = (data: TensorData) => Array.from(data, Number);
  const [a, b] = [numbers(made), numbers(right)];
  const size = Math.max(1e-3, ...b.map(Math.abs));
  return Math.max(...b.map((value, i) => Math.abs(a[i]! - value) / size));
}
