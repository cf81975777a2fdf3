import { add, div, maximum, minimum, mul, reduceSum, reshape, sqrt, sub, type Value } from '../../graph/index.ts';
import type { OptimizerSettings } from '../../recipes/recipe.ts';
import { emaDecayAt, learningRateAt } from '../../recipes/recipe.ts';

/** The flat vectors [parameters] that an optimizer carries from step to step. */
export interface OptimizerState<T> {
  readonly parameters: T;
  readonly mean: T;
  readonly meanSquare: T;
  /** The averaged weights. */
  readonly average: T;
}

/** Numbers that change from step to step and are known before: float32 scalars of the graph. */
export const scheduleNames = ['learningRate', 'stepSize', 'rootOffset', 'averageGain'] as const;
export type ScheduleName = (typeof scheduleNames)[number];
export type Schedule<T> = Readonly<Record<ScheduleName, T>>;

/**
 * The schedule at a step (from 0): the learning rate; the step size and the epsilon that hold the corrections of both biases (Kingma and
 * Ba, arXiv 1412.6980, end of section 2: the order of computation with less arithmetic); and 1 − decay of the averaged weights.
 */
export function scheduleAt(settings: OptimizerSettings, step: number, totalSteps: number): Schedule<number> {
  const learningRate = learningRateAt(settings, step, totalSteps);
  const meanBias = 1 - settings.beta1 ** (step + 1);
  const rootBias = Math.sqrt(1 - settings.beta2 ** (step + 1));
  return {
    learningRate,
    stepSize: (learningRate * rootBias) / meanBias,
    rootOffset: settings.epsilon * rootBias,
    averageGain: 1 - emaDecayAt(settings.emaDecay, step),
  };
}

/**
 * One step of AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2) with clipping of the gradient's norm, and of the averaged
 * weights. All are vectors [parameters], so that the whole update is some twenty nodes whatever the network is. Every node passes
 * over a whole vector, which is most of the cost, so factors are multiplied as scalars first. `decayMask` is 1 where weights decay.
 * `gradientNorm` is the norm before clipping, [].
 */
export function adamwStep(
  settings: OptimizerSettings,
  state: OptimizerState<Value>,
  gradient: Value,
  decayMask: Value | undefined,
  schedule: Schedule<Value>,
): { readonly next: OptimizerState<Value>; readonly gradientNorm: Value } {
  const { beta1, beta2 } = settings;
  const gradientNorm = sqrt(reshape(reduceSum(mul(gradient, gradient), [0], false), []));
  const scale = clipScale(gradientNorm, settings.clipNorm);
  const mean = add(mul(state.mean, beta1), mul(gradient, mul(scale, 1 - beta1)));
  // The root of the factor goes in before the square.
  const part = mul(gradient, mul(scale, Math.sqrt(1 - beta2)));
  const meanSquare = add(mul(state.meanSquare, beta2), mul(part, part));
  const change = mul(div(mean, add(sqrt(meanSquare), schedule.rootOffset)), schedule.stepSize);
  const decayed = decay(state.parameters, settings.weightDecay, decayMask, schedule.learningRate);
  const parameters = sub(decayed, change);
  const average = add(state.average, mul(sub(parameters, state.average), schedule.averageGain));
  return { next: { parameters, mean, meanSquare, average }, gradientNorm };
}

/** min(1, limit / norm), by which the gradient is shortened. A limit of 0 means none. */
function clipScale(norm: Value, limit: number): Value {
  if (limit === 0) return norm.graph.scalar(1);
  return minimum(div(limit, maximum(norm, 1e-12)), 1);
}

/** Parameters × (1 − learning rate × decay), where the mask is 1. */
function decay(parameters: Value, weightDecay: number, mask: Value | undefined, learningRate: Value): Value {
  if (weightDecay === 0 || mask === undefined) return parameters;
  return mul(parameters, sub(1, mul(mask, mul(learningRate, weightDecay))));
}
