import { randomNormal, reduceMean, split, type Value } from '../../graph/index.ts';
import { readingScope } from '../../nn/scope.ts';
import type { VectorField } from '../../nn/vectorField.ts';
import { pixelsToUnit } from '../pixels.ts';
import { imageBatch, type StepInputs, type StepOutputs } from '../recipe.ts';
import type { MeanFlowConfig } from './config.ts';
import { adaptiveLoss, type FlowErrors, type FlowExamples, instantErrors, intervalErrors, joinParts } from './loss.ts';
import { drawTimePairs, drawTimes } from './times.ts';

/** Streams of the random numbers of one step. */
const streams = { noise: 0, pairs: 1, instants: 2 } as const;

/**
 * The loss of one batch. The first part of the batch, by `loss.ratio`, gets r < t, the rest r = t. The parts pass through the network apart
 * from each other, because only the first needs the derivative along time, which costs as much as another forward pass.
 */
export function meanFlowStep(config: MeanFlowConfig, field: VectorField, inputs: StepInputs): StepOutputs {
  const { graph, batch, counter } = inputs;
  const scope = readingScope(graph, inputs.parameters);
  const velocity = (at: Parameters<VectorField['evaluate']>[1]) => field.evaluate(scope, at);
  const { interval, instant } = graph.scope('data', () => drawExamples(config, field, batch, counter));
  const errors: FlowErrors[] = [];
  if (interval !== null) errors.push(graph.scope('interval', () => intervalErrors(velocity, interval)));
  if (instant !== null) errors.push(graph.scope('instant', () => instantErrors(velocity, instant)));
  const squaredError = joinParts(errors.map((part) => part.squaredError));
  const slopes = errors.flatMap(({ slope }) => (slope === undefined ? [] : [slope]));
  const slopeMetrics = slopes.length === 0 ? {} : { 'train/du_dt_norm': average(joinParts(slopes)) };
  return {
    loss: adaptiveLoss(squaredError, config.loss.constant, config.loss.power),
    metrics: { 'train/error': average(squaredError), ...slopeMetrics },
  };
}

/** How many examples of a batch get r < t. */
export function intervalCount(config: MeanFlowConfig): number {
  return Math.round(config.batchSize * config.loss.ratio);
}

/** Both parts of the batch with their noise and times; null where a part is empty. */
function drawExamples(config: MeanFlowConfig, field: VectorField, batch: StepInputs['batch'], counter: Value) {
  const { images, labels } = imageBatch(batch);
  const first = intervalCount(config);
  const second = config.batchSize - first;
  const data = field.fromImages(pixelsToUnit(images));
  const noise = randomNormal(counter, data.shape, streams.noise);
  const cut = (value: Value) => split(value, [first, second], 0) as readonly [Value, Value];
  const part = (index: 0 | 1, times: Pick<FlowExamples, 'r' | 't'>): FlowExamples => {
    const pick = (value: Value) => (first === 0 || second === 0 ? value : cut(value)[index]);
    return { data: pick(data), noise: pick(noise), labels: pick(labels), ...times };
  };
  const instants = second === 0 ? null : drawTimes(counter, second, config.time, streams.instants);
  return {
    interval: first === 0 ? null : part(0, drawTimePairs(counter, first, config.time, streams.pairs)),
    instant: instants === null ? null : part(1, { r: instants, t: instants }),
  };
}

function average(perExample: Value): Value {
  return reduceMean(perExample, [0], false);
}
