import { AppError } from '../../base/errors.ts';
import { valueAt } from '../../domain/config.ts';
import { runSettings } from '../config/runSettings.ts';
import { openDataSet } from '../data/openDataSet.ts';
import { Evaluator } from '../engine/evaluation.ts';
import { exportModel } from '../engine/exportModel.ts';
import { createDrawer, sampleEndings } from '../samples/drawers.ts';
import type { OpenedCheckpoint } from './openCheckpoint.ts';
import { timeWays } from './timeWays.ts';

const noPause = () => Promise.resolve();

/** Samples as a file, and the judge's figures where the run had a judge. */
export interface CheckpointSamples {
  readonly bytes: Uint8Array;
  /** The ending of the file: png for images, txt for texts. */
  readonly ending: string;
  readonly shown: number;
  readonly seed: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Draws samples from the averaged weights of a checkpoint. The same checkpoint, seed and device give the same bytes; with the seed of the run, which is
 * the default, they are those that the run itself drew at that step. Throws AppError 'bad-argument' where the recipe draws none.
 */
export async function drawSamples(opened: OpenedCheckpoint, given?: number): Promise<CheckpointSamples> {
  const { program, placement, average, config, recipe } = opened;
  const { samples } = program;
  if (samples === undefined) {
    throw new AppError('bad-argument', `The recipe ${recipe.info.id} draws no samples.`, {
      hint: 'Measure the checkpoint instead: trainyard eval CHECKPOINT.',
    });
  }
  const seed = given ?? (valueAt(config, 'seed') as number);
  const drawer = await createDrawer(program, samples, seed, placement);
  try {
    const { bytes, shown, metrics } = await drawer.draw(average, noPause);
    return { bytes, ending: sampleEndings[samples.kind], shown, seed, metrics };
  } finally {
    drawer.dispose();
  }
}

/** Figures over held-out data, and the data sets that were not there. */
export interface MeasuredCheckpoint {
  readonly metrics: Readonly<Record<string, number>>;
  /** Markdown by tag that says more than figures do. */
  readonly texts: Readonly<Record<string, string>>;
  /** SHA-256 of each data set by its name. */
  readonly dataSets: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
  /** What was timed, which is another figure every time; empty where the recipe has nothing to time. */
  readonly timings: Readonly<Record<string, number>>;
}

/** Measures the averaged weights of a checkpoint over its recipe's data sets, in their own order: the same data give the same figures. */
export async function measureCheckpoint(opened: OpenedCheckpoint): Promise<MeasuredCheckpoint> {
  const { program, placement, average, config, recipe } = opened;
  const metrics: Record<string, number> = {};
  const texts: Record<string, string> = {};
  const dataSets: Record<string, string> = {};
  const missing: string[] = [];
  const requests = recipe.dataSets(config);
  for (const evaluation of program.evaluations) {
    const request = requests.find(({ name }) => name === evaluation.data);
    const set = request === undefined ? undefined : await openDataSet(request);
    if (set === undefined) {
      missing.push(evaluation.data);
      continue;
    }
    const evaluator = await Evaluator.create(program, evaluation, set, placement, runSettings(config).dataThreads);
    try {
      const measured = await evaluator.measure(average, noPause);
      Object.assign(metrics, measured.figures);
      Object.assign(texts, measured.texts);
    } finally {
      evaluator.dispose();
      set.dispose();
    }
    dataSets[set.name] = set.sha256;
  }
  const timed = await timeCheckpoint(opened);
  Object.assign(metrics, timed.metrics);
  Object.assign(texts, timed.texts);
  return { metrics, texts, dataSets, missing, timings: timed.timings };
}

/** The recipe's benchmark, where it has one and its data are there. */
async function timeCheckpoint({
  program,
  placement,
  average,
  config,
  recipe,
}: OpenedCheckpoint): Promise<Pick<MeasuredCheckpoint, 'metrics' | 'texts' | 'timings'>> {
  const { benchmark } = program;
  const request = recipe.dataSets(config).find(({ name }) => name === benchmark?.data);
  const set = benchmark === undefined || request === undefined ? undefined : await openDataSet(request);
  if (benchmark === undefined || set === undefined) return { metrics: {}, texts: {}, timings: {} };
  try {
    const ways = Object.entries(await timeWays(program, benchmark, set, average, placement));
    const figures = ways.map(([name, { peakBytes }]) => [`bench/${name}_peak_bytes`, peakBytes] as const);
    const known = Object.entries(benchmark.figures).map(([name, value]) => [`bench/${name}`, value] as const);
    const timings = ways.flatMap(([name, { latencyMs, perSecond }]) => [
      [`bench/${name}_latency_ms`, latencyMs] as const,
      [`bench/${name}_per_second`, perSecond] as const,
    ]);
    return {
      metrics: Object.fromEntries([...known, ...figures]),
      texts: benchmark.report(Object.fromEntries(ways)),
      timings: Object.fromEntries(timings),
    };
  } finally {
    set.dispose();
  }
}

/** The averaged weights of a checkpoint as the ONNX model that a run writes at its end. The same checkpoint gives the same bytes. */
export function exportCheckpoint({
  program,
  layout,
  average,
  facts,
  step,
  architecture,
}: OpenedCheckpoint): Uint8Array {
  const metadata = { run_id: facts.runId, run_name: facts.runName, step: String(step), architecture };
  return exportModel(program, layout, average, metadata);
}
