import type { Value } from '../ir.ts';
import { refuse, sameShape, showShape } from '../shape.ts';
import { add, mul, sub } from './binary.ts';
import { reshape } from './movement.ts';
import { reduceMean } from './reduction.ts';
import { cast, reciprocal, sqrt } from './unary.ts';

/** Numbers per channel, [C]. */
export interface ChannelScale {
  readonly gain: Value;
  readonly bias: Value;
}

/** What a batch norm takes from its batch, per channel, [1, C, 1, …]. */
export interface BatchMoments {
  readonly mean: Value;
  /** Divided by the number of entries. */
  readonly variance: Value;
}

/** x [N, C, …] standardized per channel over the batch and all places, then scaled (Ioffe and Szegedy, arXiv 1502.03167, algorithm 1). */
export function batchNormalized(
  x: Value,
  { gain, bias }: ChannelScale,
  epsilon = 1e-5,
): { readonly y: Value; readonly moments: BatchMoments } {
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const mean = reduceMean(x, axes);
  const centred = sub(x, mean);
  const variance = reduceMean(mul(centred, centred), axes);
  const spread = reciprocal(sqrt(add(variance, epsilon)));
  const channels = [1, x.shape[1]!, ...x.shape.slice(2).map(() => 1)];
  const [gains, biases] = [channelShaped(gain, channels), channelShaped(bias, channels)];
  // One pass scales by both: what is centred is not standardized by itself.
  const scaled = mul(centred, mul(spread, gains));
  const y = x.graph.apply('Normalized', [scaled, biases, x, centred, spread, spread, gains], { axes })[0]!;
  return { y, moments: { mean, variance } };
}

/** x [N, C, …] standardized within each example and group of channels, then scaled per channel (Wu and He, arXiv 1803.08494). */
export function groupNormalized(x: Value, groups: number, { gain, bias }: ChannelScale, epsilon = 1e-5): Value {
  const [examples, channels] = x.shape as [number, number];
  if (channels % groups !== 0) {
    throw refuse(`${channels} channels cannot be shared among ${groups} groups.`, 'Choose a number that divides them.');
  }
  const rows = reshape(x, [examples, groups, -1]);
  const [standard, spread] = x.graph.apply('Standardize', [rows], { epsilon }) as [Value, Value];
  const view = [examples, groups, channels / groups, -1];
  const perGroup = [1, groups, channels / groups, 1];
  const [gains, biases] = [channelShaped(gain, perGroup), channelShaped(bias, perGroup)];
  const normal = reshape(standard, view);
  const inputs = [
    mul(normal, gains),
    biases,
    reshape(x, view),
    normal,
    x.graph.scalar(1, x.dtype),
    reshape(cast(spread, x.dtype), [examples, groups, 1, 1]),
    gains,
  ];
  return reshape(x.graph.apply('Normalized', inputs, { axes: [2, 3] })[0]!, x.shape);
}

function channelShaped(value: Value, shape: readonly number[]): Value {
  if (!sameShape(value.shape, [shape[1]! * (shape[2] ?? 1)])) {
    throw refuse(`A norm needs one number per channel, not ${showShape(value.shape)}.`);
  }
  return reshape(value, shape);
}
