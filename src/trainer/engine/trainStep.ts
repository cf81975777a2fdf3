import { Graph, ParameterPack, type ParameterSlot, type ScanStep, type Value } from '../../graph/index.ts';
import type { DataFacts, Program } from '../../recipes/recipe.ts';
import { adamwStep, type OptimizerState, type Schedule, type ScheduleName, scheduleNames } from './adamw.ts';

/** Names of the flat vectors in the model of a step, in a checkpoint's order. */
export const stateNames = {
  parameters: 'parameters',
  mean: 'adam_mean',
  meanSquare: 'adam_mean_square',
  average: 'average',
} as const satisfies OptimizerState<string>;
export type StateKey = keyof typeof stateNames;
export const stateKeys = Object.keys(stateNames) as readonly StateKey[];

/** What the trainer itself measures at each step. */
export const lossTag = 'train/loss';
export const gradientNormTag = 'train/grad_norm';
export const learningRateTag = 'train/lr';

export const decayMaskName = 'decay_mask';

/** Prefix of the per-step outputs, so that no tag is the name of something else in the model. */
const metricPrefix = 'metric:';

/** One training step as a graph, and what its flat vectors hold. */
export interface TrainStep {
  readonly scan: ScanStep;
  readonly layout: readonly ParameterSlot[];
  /** Tags of the values that come back per step. */
  readonly tags: readonly string[];
  readonly pack: ParameterPack;
  /** 1 where weights decay [parameters]; undefined where none do. An input and no constant, so that the model stays small. */
  readonly decayMask: Float32Array | undefined;
}

/** Builds the step of a program: loss, gradient, optimizer and averaged weights. */
export function buildTrainStep(program: Program, data: DataFacts): TrainStep {
  const graph = new Graph();
  const pack = declareParameters(graph, program, stateNames.parameters);
  const batch = {
    images: graph.input('images', [program.batchSize, data.height, data.width, data.channels], 'uint8'),
    labels: graph.input('labels', [program.batchSize], 'int64'),
  };
  const counter = graph.input('counter', [], 'int64');
  const outputs = program.step({ graph, parameters: (name) => pack.get(name), batch, counter });
  const state: OptimizerState<Value> = {
    parameters: pack.flat,
    mean: graph.input(stateNames.mean, [pack.size], 'float32'),
    meanSquare: graph.input(stateNames.meanSquare, [pack.size], 'float32'),
    average: graph.input(stateNames.average, [pack.size], 'float32'),
  };
  const schedule = Object.fromEntries(
    scheduleNames.map((name) => [name, graph.input(name, [], 'float32')]),
  ) as Schedule<Value>;
  const decayMask = program.optimizer.weightDecay === 0 ? undefined : maskOfDecay(program, pack);
  const mask = decayMask === undefined ? undefined : graph.input(decayMaskName, [pack.size], 'float32');
  const { next, gradientNorm } = adamwStep(program.optimizer, state, pack.gradient(outputs.loss), mask, schedule);
  const perStep: Record<string, Value> = {
    [lossTag]: outputs.loss,
    ...outputs.metrics,
    [gradientNormTag]: gradientNorm,
  };
  return {
    pack,
    layout: pack.layout,
    tags: Object.keys(perStep),
    decayMask,
    scan: {
      graph,
      state: stateKeys.map((key) => ({ name: stateNames[key], input: state[key], next: next[key] })),
      sequence: [
        { name: 'images', input: batch.images },
        { name: 'labels', input: batch.labels },
        { name: 'counter', input: counter },
        ...scheduleNames.map((name: ScheduleName) => ({ name, input: schedule[name] })),
      ],
      constants: mask === undefined ? [] : [{ name: decayMaskName, input: mask }],
      perStep: Object.fromEntries(Object.entries(perStep).map(([tag, value]) => [metricPrefix + tag, value])),
    },
  };
}

function maskOfDecay(program: Program, pack: ParameterPack): Float32Array {
  const decays = new Set(program.parameters.filter(({ decay }) => decay).map(({ name }) => name));
  const mask = new Float32Array(pack.size);
  for (const { name, offset, size } of pack.layout) if (decays.has(name)) mask.fill(1, offset, offset + size);
  return mask;
}

/** The name of the output that holds a metric of all steps. */
export function metricOutput(tag: string): string {
  return metricPrefix + tag;
}

/** A pack with all parameters of a program; its flat vector is a graph input. */
export function declareParameters(graph: Graph, program: Program, name: string): ParameterPack {
  const pack = new ParameterPack(graph, name);
  for (const spec of program.parameters) pack.declare(spec.name, spec.shape, spec.initializer);
  return pack;
}
