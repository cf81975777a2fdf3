import {
  add,
  expand,
  Graph,
  mul,
  reduceMean,
  scanOver,
  type Value,
  withHalfProducts,
  withOrderedSums,
  withRecomputation,
} from '../../graph/index.ts';
import type { Batch, Program } from '../../recipes/recipe.ts';
import { PartedParameters } from './parameterParts.ts';
import type { StepNumbers } from './stepNumbers.ts';

/** What one step has to compute before the optimizer. */
export interface StepGradients {
  /** float32 []. */
  readonly loss: Value;
  readonly metrics: Readonly<Record<string, Value>>;
  /** The gradient of the loss, times its scale, along each part. */
  readonly gradients: readonly Value[];
}

/** What a step reads. With accumulation, `batch` and `counter` have the parts of the batch as first axis. */
export interface StepSources {
  readonly graph: Graph;
  readonly parameters: PartedParameters;
  readonly batch: Batch;
  readonly counter: Value;
  /** By what the loss is multiplied before it is differentiated. */
  readonly scale: Value | undefined;
}

/** Loss, metrics and gradients of a batch, in one piece or part by part. */
export function stepGradients(program: Program, sources: StepSources, numbers: StepNumbers): StepGradients {
  return (numbers.accumulate ?? 1) === 1 ? wholeBatch(program, sources, numbers) : inParts(program, sources, numbers);
}

function wholeBatch(program: Program, given: StepSources, numbers: StepNumbers): StepGradients {
  const { graph, parameters, batch, counter, scale } = given;
  const { loss, metrics } = program.step({ graph, parameters: (name) => parameters.get(name), batch, counter });
  const { gradients, traced } = parameters.tracedGradients(scale === undefined ? loss : mul(loss, scale));
  const tags = Object.keys(metrics);
  const kept = [loss, ...tags.map((tag) => metrics[tag]!), ...gradients];
  const sources = [...Object.values(batch), counter];
  const all = (numbers.recompute === true ? withRecomputation(kept, traced, sources) : undefined) ?? kept;
  const rounded = numbers.precision === undefined ? all : withHalfProducts(all, numbers.precision);
  const [first, ...rest] = numbers.ordered === true ? withOrderedSums(rounded) : rounded;
  return {
    loss: first!,
    metrics: Object.fromEntries(tags.map((tag, i) => [tag, rest[i]!])),
    gradients: rest.slice(tags.length),
  };
}

/** The parts of the batch in a scan, so that only one of them has its activations in memory. Loss, metrics and gradient are the means over the parts. */
function inParts(program: Program, sources: StepSources, numbers: StepNumbers): StepGradients {
  const steps = numbers.accumulate!;
  const { graph, parameters, batch, counter, scale } = sources;
  const inner = innerSources(sources);
  const { loss, metrics, gradients } = wholeBatch(program, inner.sources, numbers);
  const sums = inner.sources.parameters.flat.map((flat, i) => inner.sources.graph.input(`sum:${i}`, flat.shape));
  const tags = Object.keys(metrics);
  const body = {
    graph: inner.sources.graph,
    steps,
    state: sums.map((input, i) => ({ input, next: add(input, gradients[i]!) })),
    sequence: inner.sequence,
    constants: inner.constants,
    perStep: [loss, ...tags.map((tag) => metrics[tag]!)],
  };
  const made = scanOver(body, {
    state: sums.map(({ shape }) => expand(graph.scalar(0), shape)),
    sequence: [...Object.values(batch), counter],
    constants: [...parameters.flat, ...(scale === undefined ? [] : [scale])],
  });
  const [meanLoss, ...means] = made.perStep.map((values) => reduceMean(values, [0], false));
  return {
    loss: meanLoss!,
    metrics: Object.fromEntries(tags.map((tag, i) => [tag, means[i]!])),
    gradients: made.state.map((sum) => mul(sum, 1 / steps)),
  };
}

/** The same sources as inputs of a graph for one part of the batch. */
function innerSources({ parameters, batch, counter, scale }: StepSources) {
  const graph = new Graph();
  const part = (name: string, { shape, dtype }: Value) => graph.input(name, shape.slice(1), dtype);
  const innerBatch = Object.fromEntries(Object.entries(batch).map(([name, value]) => [name, part(name, value)]));
  const innerCounter = part('counter', counter);
  const innerParameters = new PartedParameters(graph, parameters.parts, (i) => `part:${i}`);
  const innerScale = scale === undefined ? undefined : graph.input('scale', []);
  return {
    sources: { graph, parameters: innerParameters, batch: innerBatch, counter: innerCounter, scale: innerScale },
    sequence: [...Object.values(innerBatch), innerCounter],
    constants: [...innerParameters.flat, ...(innerScale === undefined ? [] : [innerScale])],
  };
}
