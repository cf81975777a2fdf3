import { encodeModel, Graph } from '../../graph/index.ts';
import { peakBytes } from '../../graph/liveness.ts';
import { exampleTensors } from '../../recipes/data.ts';
import type { Benchmark, Program, WayTiming } from '../../recipes/recipe.ts';
import type { DataSet } from '../data/dataSet.ts';
import { modelOptions } from '../devices/providers.ts';
import { type ModelInput, ModelSession, type Placement } from '../engine/session.ts';
import { batchInputs, declareParameters } from '../engine/trainStep.ts';

const warmUps = 2;
const leastRuns = 5;
const mostRuns = 50;
/** A way is run for about so long, after the least number of runs. */
const enoughMs = 500;

/** Times every way of a benchmark over the first examples of its data, one way after the other. Its sessions end with it. */
export async function timeWays(
  program: Program,
  { ways, batchSize }: Benchmark,
  set: DataSet,
  average: Float32Array,
  placement: Placement,
): Promise<Readonly<Record<string, WayTiming>>> {
  const timings: Record<string, WayTiming> = {};
  for (const [name, way] of Object.entries(ways)) {
    const one = await timeOnce(program, way, set, average, placement, 1);
    const batch = await timeOnce(program, way, set, average, placement, batchSize);
    timings[name] = {
      latencyMs: one.medianMs,
      perSecond: (1000 * batchSize) / batch.medianMs,
      peakBytes: one.peakBytes,
    };
  }
  return timings;
}

async function timeOnce(
  program: Program,
  way: Benchmark['ways'][string],
  set: DataSet,
  average: Float32Array,
  placement: Placement,
  examples: number,
): Promise<{ readonly medianMs: number; readonly peakBytes: number }> {
  const graph = new Graph();
  const pack = declareParameters(graph, program, 'average');
  const output = way(graph, (name) => pack.get(name), batchInputs(graph, set.facts, examples));
  // Reading the flat vector closes the pack, also where the way does not use every parameter.
  void pack.flat;
  const model = encodeModel(graph, { output }, modelOptions[placement.device]);
  const session = await ModelSession.create(model, placement);
  try {
    const times = await runTimes(session, inputsOf(set, average, examples));
    return { medianMs: median(times), peakBytes: peakBytes(graph, [output]) };
  } finally {
    session.dispose();
  }
}

function inputsOf(set: DataSet, average: Float32Array, examples: number): Readonly<Record<string, ModelInput>> {
  const arrays = set.gather(Array.from({ length: examples }, (_, i) => i));
  const tensors = Object.entries(exampleTensors(set.facts)).map(
    ([name, { shape }]) => [name, { data: arrays[name]!, shape: [examples, ...shape] }] as const,
  );
  return { average: { data: average, shape: [average.length] }, ...Object.fromEntries(tensors) };
}

async function runTimes(session: ModelSession, inputs: Readonly<Record<string, ModelInput>>): Promise<number[]> {
  for (let i = 0; i < warmUps; i++) await session.run(inputs);
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < leastRuns || (times.length < mostRuns && performance.now() - begin < enoughMs)) {
    const start = performance.now();
    await session.run(inputs);
    times.push(performance.now() - start);
  }
  return times;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
