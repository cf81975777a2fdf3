import {
  add,
  batchNormalized,
  type ChannelScale,
  groupNormalized,
  mul,
  reciprocal,
  reduceMean,
  reshape,
  sizeOf,
  sqrt,
  standardize,
  stopGradient,
  sub,
  type Value,
} from '../graph/index.ts';
import { ones, zeros } from './initializers.ts';
import type { Scope } from './scope.ts';

const EPSILON = 1e-5;

/** Mean square 1 over the last axis, without parameters (Zhang and Sennrich, arXiv 1910.07467, equation 4, with gain 1). */
export function rootMeanSquareNorm(x: Value): Value {
  return mul(x, inverseRoot(reduceMean(mul(x, x), [-1])));
}

/** `rootMeanSquareNorm` with a learned gain over the last axis (Zhang and Sennrich, arXiv 1910.07467, equation 4). */
export function rmsNorm(scope: Scope, x: Value): Value {
  return mul(rootMeanSquareNorm(x), scope.parameter('gain', [x.shape.at(-1)!], ones));
}

/** What a batch norm has seen of its batch, per channel: for the averages that evaluation uses. */
export interface BatchStatistics {
  readonly mean: Value;
  /** Divided by the number of entries less one, as PyTorch keeps it. */
  readonly variance: Value;
}

/**
 * x [N, C, …] standardized per channel over the batch and all places, then scaled (Ioffe and Szegedy, arXiv 1502.03167, algorithm 1). Parameters
 * `gain` and `bias` [C].
 */
export function batchNorm(scope: Scope, x: Value): { readonly y: Value; readonly statistics: BatchStatistics } {
  const { y, moments } = batchNormalized(x, channelScale(scope, x), EPSILON);
  const count = sizeOf(x.shape) / x.shape[1]!;
  const flat = (value: Value) => stopGradient(reshape(value, [x.shape[1]!]));
  return { y, statistics: { mean: flat(moments.mean), variance: flat(mul(moments.variance, count / (count - 1))) } };
}

/** The same layer with averages that were collected during training, for evaluation. */
export function fixedBatchNorm(scope: Scope, x: Value, { mean, variance }: BatchStatistics): Value {
  return scaledPerChannel(scope, mul(sub(x, perChannel(mean, x)), inverseRoot(perChannel(variance, x))));
}

/** `standardize` with a learned gain and bias over the last axis. */
export function layerNorm(scope: Scope, x: Value): Value {
  const width = x.shape.at(-1)!;
  const gain = scope.parameter('gain', [width], ones);
  return add(mul(standardize(x), gain), scope.parameter('bias', [width], zeros));
}

/** x [N, C, H, W] standardized within each example and group of channels, then scaled per channel (Wu and He, arXiv 1803.08494). */
export function groupNorm(scope: Scope, x: Value, groups: number): Value {
  return groupNormalized(x, groups, channelScale(scope, x), EPSILON);
}

/** The largest number of groups of at least four channels each, up to `wanted`, that divides the channels. */
export function groupsFor(channels: number, wanted = 8): number {
  for (let groups = Math.min(wanted, Math.floor(channels / 4)); groups > 1; groups--) {
    if (channels % groups === 0) return groups;
  }
  return 1;
}

function channelScale(scope: Scope, x: Value): ChannelScale {
  const channels = x.shape[1]!;
  return { gain: scope.parameter('gain', [channels], ones), bias: scope.parameter('bias', [channels], zeros) };
}

function scaledPerChannel(scope: Scope, x: Value): Value {
  const { gain, bias } = channelScale(scope, x);
  return add(mul(x, perChannel(gain, x)), perChannel(bias, x));
}

function perChannel(value: Value, like: Value): Value {
  return reshape(value, [value.shape[0]!, ...like.shape.slice(2).map(() => 1)]);
}

function inverseRoot(x: Value): Value {
  return reciprocal(sqrt(add(x, EPSILON)));
}
