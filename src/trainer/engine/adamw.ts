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
export const scheduleNames = ['learningRate', 'stepSize', 'rootScale', 'averageGain'] as const;
export type ScheduleName = (typeof scheduleNames)[number];
export type Schedule<T> = Readonly<Record<ScheduleName, T>>;

/**
 * The schedule at a step (from 0): the learning rate; the learning rate with the correction of the mean's bias (Kingma and Ba, arXiv
 * 1412.6980, section 2, the form with less arithmetic); the root of the correction of the mean square; and 1 − decay of the averaged weights.
 */
export function scheduleAt(settings: OptimizerSettings, step: number, totalSteps: number): Schedule<number> {
  const learningRate = learningRateAt(settings, step, totalSteps);
  const count = step + 1;
  return {
    learningRate,
    stepSize: learningRate / (1 - settings.beta1 ** count),
    rootScale: 1 / Math.sqrt(1 - settings.beta2 ** count),
    averageGain: 1 - emaDecayAt(settings.emaDecay, step),
  };
}

/**
 * One step of AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2) with clipping of the gradient's norm, and of the averaged
 * weights. All are vectors [parameters], so that the whole update is about twenty nodes whatever the network is. `decayMask` is 1 where
 * weights decay. `gradientNorm` is the norm before clipping, [].
 */
export function adamwStep(
  settings: OptimizerSettings,
  state: OptimizerState<Value>,
  gradient: Value,
  decayMask: Value | undefined,
  schedule: Schedule<Value>,
): { readonly next: OptimizerState<Value>; readonly gradientNorm: Value } {
  const { beta1, beta2, epsilon } = settings;
  const gradientNorm = sqrt(reshape(reduceSum(mul(gradient, gradient), [0], false), []));
  const clipped = clip(gradient, gradientNorm, settings.clipNorm);
  const mean = add(mul(state.mean, beta1), mul(clipped, 1 - beta1));
  const meanSquare = add(mul(state.meanSquare, beta2), mul(mul(clipped, clipped), 1 - beta2));
  const root = add(mul(sqrt(meanSquare), schedule.rootScale), epsilon);
  const change = mul(div(mean, root), schedule.stepSize);
  const decayed = decay(state.parameters, settings.weightDecay, decayMask, schedule.learningRate);
  const parameters = sub(decayed, change);
  const average = add(state.average, mul(sub(parameters, state.average), schedule.averageGain));
  return { next: { parameters, mean, meanSquare, average }, gradientNorm };
}

/** min(1, limit / norm) × gradient. A limit of 0 means none. */
function clip(gradient: Value, norm: Value, limit: number): Value {
  if (limit === 0) return gradient;
  return mul(gradient, minimum(div(limit, maximum(norm, 1e-12)), 1));
}

/** Parameters × (1 − learning rate × decay), where the mask is 1. */
function decay(parameters: Value, weightDecay: number, mask: Value | undefined, learningRate: Value): Value {
  if (weightDecay === 0 || mask === undefined) return parameters;
  return mul(parameters, sub(1, mul(mask, mul(learningRate, weightDecay))));
}
