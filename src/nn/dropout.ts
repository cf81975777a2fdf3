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
