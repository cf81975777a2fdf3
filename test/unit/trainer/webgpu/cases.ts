// What the tests ask of WebGPU, each in a process of its own.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveConfig } from '../../../../src/domain/config.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
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
import { exampleTensors } from '../../../../src/recipes/data.ts';
import { findRecipe } from '../../../../src/recipes/index.ts';
import type { DataFacts, Program } from '../../../../src/recipes/recipe.ts';
import { BatchLoader } from '../../../../src/trainer/data/batches.ts';
import type { DataSet, ExampleArrays } from '../../../../src/trainer/data/dataSet.ts';
import { stepPlacement } from '../../../../src/trainer/devices/placement.ts';
import { modelOptions } from '../../../../src/trainer/devices/providers.ts';
import { liveDeviceTensors } from '../../../../src/trainer/engine/deviceTensor.ts';
import { Evaluator } from '../../../../src/trainer/engine/evaluation.ts';
import { FusedSteps, type StepPlan } from '../../../../src/trainer/engine/fusedSteps.ts';
import { residentData } from '../../../../src/trainer/engine/residentData.ts';
import { ModelSession, type TensorData, type TensorInput } from '../../../../src/trainer/engine/session.ts';
import { stepFor } from '../../../../src/trainer/engine/stepFor.ts';
import { lossTag } from '../../../../src/trainer/engine/stepNames.ts';
import { initialState, type TrainState } from '../../../../src/trainer/engine/trainState.ts';
import { readTrace, type Trace } from '../../../../src/trainer/profile/trace.ts';
import { everything } from '../../../gpu/everyOperation.ts';

export const cases: Readonly<Record<string, (...args: readonly string[]) => Promise<unknown>>> = {
  normGradient: async () => ({ cpu: await normGradient('cpu'), webgpu: await normGradient('webgpu') }),
  residency,
  networks,
  operations,
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

/** What ONNX Runtime says of the nodes that ran meanwhile, in files of the prefix that is given. */
async function traced<T>(work: (prefix: string) => Promise<T>): Promise<{ readonly result: T; readonly trace: Trace }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-webgpu-'));
  try {
    const result = await work(path.join(folder, 'trace'));
    const [file] = readdirSync(folder);
    return { result, trace: readTrace(readFileSync(path.join(folder, file!), 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

type Device = 'cpu' | 'webgpu';

interface Subject {
  readonly recipe: string;
  readonly keys: JsonObject;
  readonly facts: DataFacts;
}

const images: DataFacts = { kind: 'images', examples: 24, height: 8, width: 8, channels: 1, classes: 4 };
const bytes = { kind: 'bytes', size: 259, pad: 256, unknown: 257, mask: 258 } as const;
const tokens: DataFacts = { kind: 'tokens', examples: 24, window: 12, vocabulary: bytes, weighted: true, classes: 0 };

const subjects: Readonly<Record<string, Subject>> & { readonly mlp: Subject } = {
  mlp: { recipe: 'classifier', keys: { batchSize: 4, network: { kind: 'mlp', width: 8 } }, facts: images },
  transformer: {
    recipe: 'language-model',
    keys: { batchSize: 2, window: 12, network: { width: 8, layers: 1, heads: 2 } },
    facts: tokens,
  },
  unet: {
    recipe: 'meanflow',
    keys: { batchSize: 2, network: { kind: 'unet', width: 4, heads: 1, halvings: 1, blocks: 1 } },
    facts: images,
  },
};

/** Steps of a subject on a device with all that they need. */
class Training {
  readonly program: Program;
  readonly data: DataSet;
  readonly loader: BreakableLoader;
  readonly plan: StepPlan;
  readonly steps: FusedSteps;
  readonly first: TrainState;

  constructor({ recipe: id, keys, facts }: Subject, device: Device, isResident: boolean) {
    const recipe = findRecipe(id)!;
    const { config, problems } = resolveConfig(recipe.info.fields, { data: '/nowhere', ...keys });
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    this.program = recipe.build(config, facts);
    this.data = madeSet(facts);
    this.loader = new BreakableLoader(this.data, 3);
    const { optimizer, batchSize } = this.program;
    const step = stepFor(device, this.program, facts);
    this.plan = {
      step,
      optimizer,
      batchSize,
      totalSteps: 10,
      seed: 5,
      loader: this.loader,
      placement: { device, threads: 1 },
      ...(isResident ? { resident: residentData(this.data) } : {}),
    };
    this.steps = new FusedSteps(this.plan);
    this.first = initialState(step.pack.initialValues(1));
  }

  dispose(): void {
    this.steps.dispose();
    this.loader.dispose();
  }
}

/** Gives examples of which those behind the first step of a call cannot be had, in place of a device that fails in the middle of one. */
class BreakableLoader extends BatchLoader {
  isUnplugged = false;

  override async take(position: number, count: number): Promise<ExampleArrays> {
    const arrays = await super.take(position, count);
    if (!this.isUnplugged) return arrays;
    return { ...arrays, images: new Unplugged(arrays['images'] as Uint8Array) };
  }
}

class Unplugged extends Uint8Array {
  override subarray(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    if (start !== undefined && start > 0) throw new Error('unplugged');
    return new Uint8Array(this.buffer as ArrayBuffer, 0, end);
  }
}

/** Examples by a formula. */
function madeSet(facts: DataFacts): DataSet {
  const most = { images: 256, labels: 4, tokens: 256 } as Readonly<Record<string, number>>;
  const made = Object.entries(exampleTensors(facts)).map(([name, { shape, dtype }]) => {
    const size = shape.reduce((product, each) => product * each, 1);
    const numberAt = (example: number, i: number) =>
      name === 'weights' ? 1 : (example * 37 + i * 11 + ((i * i) % 7)) % most[name]!;
    return { name, dtype, size, numberAt };
  });
  return {
    name: 'train',
    path: '',
    facts,
    sha256: '',
    gather(indices) {
      const arrays = made.map(({ name, dtype, size, numberAt }) => {
        const values = Array.from({ length: indices.length * size }, (_, i) =>
          numberAt(indices[Math.floor(i / size)]! % facts.examples, i % size),
        );
        return [name, arrayOf(dtype, values)];
      });
      return Object.fromEntries(arrays);
    },
    dispose() {},
  };
}

function arrayOf(dtype: 'uint8' | 'int32' | 'int64' | 'float32', values: readonly number[]) {
  if (dtype === 'uint8') return Uint8Array.from(values);
  if (dtype === 'int32') return Int32Array.from(values);
  return dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
}
