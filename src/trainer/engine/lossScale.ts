import { add, equal, lessOrEqual, mul, type Value, where } from '../../graph/index.ts';

/** The factor of the loss ahead of differentiation, and how many steps it has done well for. */
export interface LossScale<T> {
  readonly scale: T;
  readonly goodSteps: T;
}

/** What the two are called in the model of a step. */
export const lossScaleNames: LossScale<string> = { scale: 'loss_scale', goodSteps: 'good_steps' };
export const lossScaleKeys = ['scale', 'goodSteps'] as const;

/** What a run begins with; it is halved within a few steps where that is too much. */
export const firstLossScale: LossScale<number> = { scale: 65_536, goodSteps: 0 };

/** Below this, something else is wrong: no step was good for some 40 halvings. */
export const smallestLossScale = 2 ** -24;

const growthInterval = 2000;
const largestFloat = 3.4028234663852886e38;

/** True where a norm is a number, so that the step may be taken. Bool []. */
export function isFiniteNorm(norm: Value): Value {
  return lessOrEqual(norm, largestFloat);
}

/**
 * The scale for the next step: halved where the gradient was not finite, doubled after 2000 good steps (Micikevicius et al., arXiv 1710.03740,
 * section 3.2, with the numbers of PyTorch's GradScaler).
 */
export function nextLossScale({ scale, goodSteps }: LossScale<Value>, good: Value): LossScale<Value> {
  const counted = add(goodSteps, 1);
  const isFull = equal(counted, growthInterval);
  return {
    scale: where(good, where(isFull, mul(scale, 2), scale), mul(scale, 0.5)),
    goodSteps: where(good, where(isFull, 0, counted), 0),
  };
}
