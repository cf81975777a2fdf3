import { add, maximum, minimum, mul, randomNormal, sigmoid, split, type Value } from '../../graph/index.ts';

/** Logit-normal distribution of times: sigmoid of a normal (Esser et al., arXiv 2403.03206, equation 19). */
export interface TimeDistribution {
  readonly mean: number;
  readonly std: number;
}

/**
 * Pairs of times, each float32 [count, 1] in (0, 1): two independent draws, of which `t` is the later and `r` the earlier one.
 * https://arxiv.org/abs/2505.13447, §4.3
 */
export function drawTimePairs(
  counter: Value,
  count: number,
  distribution: TimeDistribution,
  stream: number,
): { readonly r: Value; readonly t: Value } {
  const [a, b] = split(drawTimes(counter, 2 * count, distribution, stream), [count, count], 0) as [Value, Value];
  return { r: minimum(a, b), t: maximum(a, b) };
}

/** Times float32 [count, 1] in (0, 1). */
export function drawTimes(counter: Value, count: number, distribution: TimeDistribution, stream: number): Value {
  const normal = randomNormal(counter, [count, 1], stream);
  return sigmoid(add(mul(normal, distribution.std), distribution.mean));
}
