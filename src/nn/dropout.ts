import { cast, greaterOrEqual, mul, randomUniform, type Value } from '../graph/index.ts';

/**
 * Entries of x set to zero with probability `rate` and the others scaled up, so that the mean stays (Srivastava et al., JMLR 15, 2014). What is
 * dropped depends on the counter and the stream alone: a run that is resumed drops the same. Leave it out for evaluation.
 */
export function dropout(x: Value, rate: number, random: { readonly counter: Value; readonly stream: number }): Value {
  if (rate === 0) return x;
  const kept = greaterOrEqual(randomUniform(random.counter, x.shape, random.stream), rate);
  return mul(x, mul(cast(kept, x.dtype), 1 / (1 - rate)));
}

/** Dropout of a whole network: every place in it has a stream of its own, counted from `firstStream`. */
export interface NetworkDropout {
  readonly rate: number;
  readonly counter: Value;
  readonly firstStream: number;
}

/** Dropout at a place of a network, counted from 0; without a plan, x itself. */
export function dropoutAt(plan: NetworkDropout | undefined, x: Value, place: number): Value {
  if (plan === undefined) return x;
  return dropout(x, plan.rate, { counter: plan.counter, stream: plan.firstStream + place });
}
