// Every operation with its gradients on the device, beside the CPU's numbers. Also random numbers, which are drawn by whole numbers and must agree.
import type { DeviceName } from '../../../src/domain/device.ts';
import {
  encodeModel,
  type Graph,
  grad,
  isFloating,
  reduceSum,
  seededRandom,
  sizeOf,
  type Value,
} from '../../../src/graph/index.ts';
import { modelOptions } from '../../../src/trainer/devices/providers.ts';
import { ModelSession, type TensorData, type TensorInput } from '../../../src/trainer/engine/session.ts';
import { everything } from '../everyOperation.ts';
import type { GpuRow } from '../report.ts';
import { distance, failed, type Part } from './part.ts';

/** With TF32 off (main.ts sees to that): what float32 loses in another order of sums, and in fast functions of a GPU. */
const tolerance = 2e-4;

export const operations: Part = async function* ({ device, small }) {
  const { graph, results, inputs } = everything();
  const feeds = feedsOf(graph);
  for (const [i, value] of results.entries()) {
    if (small && i % 5 !== 0) continue;
    yield await compare(`${i} ${value.node?.op ?? 'input'}`, graph, value, inputs, feeds, device);
  }
};

async function compare(
  name: string,
  graph: Graph,
  value: Value,
  inputs: readonly Value[],
  feeds: Readonly<Record<string, TensorInput>>,
  device: DeviceName,
): Promise<GpuRow> {
  try {
    const isSmooth = isFloating(value.dtype);
    const gradients = isSmooth ? grad(reduceSum(value, undefined, false), inputs) : [];
    const outputs = Object.fromEntries([value, ...gradients].map((each, k) => [`y${k}`, each]));
    const [here, right] = await Promise.all([run(graph, outputs, feeds, device), run(graph, outputs, feeds, 'cpu')]);
    const distances = Object.keys(outputs).map((key) => distance(here[key]!, right[key]!));
    const [result = Number.NaN, ...ofGradients] = distances;
    const worst = Math.max(0, ...ofGradients);
    return {
      name,
      ok: Math.max(result, worst) < tolerance,
      figures: { result, ...(isSmooth ? { gradients: worst } : {}) },
    };
  } catch (error) {
    return failed(name, error);
  }
}

async function run(
  graph: Graph,
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, TensorInput>>,
  device: DeviceName,
): Promise<Readonly<Record<string, TensorData>>> {
  const session = await ModelSession.create(encodeModel(graph, outputs, modelOptions[device]), { device, threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    session.dispose();
  }
}

/** Numbers between 0.1 and 0.9, of which every operation has a result. */
function feedsOf(graph: Graph): Readonly<Record<string, TensorInput>> {
  const random = seededRandom(11);
  return Object.fromEntries(
    graph.inputs.map((input) => {
      const { shape, dtype, source } = input;
      const size = sizeOf(shape);
      const data =
        dtype === 'int64'
          ? BigInt64Array.from({ length: size }, () => 12_345n)
          : Float32Array.from({ length: size }, () => 0.1 + 0.8 * random.uniform());
      return [source.kind === 'input' ? source.name : '', { data, shape }];
    }),
  );
}
