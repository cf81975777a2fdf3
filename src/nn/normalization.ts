import { add, mul, reciprocal, reduceMean, reshape, sqrt, standardize, type Value } from '../graph/index.ts';
import { ones, zeros } from './initializers.ts';
import type { Scope } from './scope.ts';

const EPSILON = 1e-5;

/** Mean square 1 over the last axis, without parameters (Zhang and Sennrich, arXiv 1910.07467, equation 4, with gain 1). */
export function rootMeanSquareNorm(x: Value): Value {
  return mul(x, inverseRoot(reduceMean(mul(x, x), [-1])));
}

/** `standardize` with a learned gain and bias over the last axis. */
export function layerNorm(scope: Scope, x: Value): Value {
  const width = x.shape.at(-1)!;
  const gain = scope.parameter('gain', [width], ones);
  return add(mul(standardize(x), gain), scope.parameter('bias', [width], zeros));
}

/** x [N, C, H, W] standardized within each example and group of channels, then scaled per channel (Wu and He, arXiv 1803.08494). */
export function groupNorm(scope: Scope, x: Value, groups: number): Value {
  const [examples, channels, height, width] = x.shape as [number, number, number, number];
  const grouped = standardize(reshape(x, [examples, groups, (channels / groups) * height * width]));
  const gain = reshape(scope.parameter('gain', [channels], ones), [channels, 1, 1]);
  const bias = reshape(scope.parameter('bias', [channels], zeros), [channels, 1, 1]);
  return add(mul(reshape(grouped, x.shape), gain), bias);
}

/** The largest number of groups of at least four channels each, up to `wanted`, that divides the channels. */
export function groupsFor(channels: number, wanted = 8): number {
  for (let groups = Math.min(wanted, Math.floor(channels / 4)); groups > 1; groups--) {
    if (channels % groups === 0) return groups;
  }
  return 1;
}

function inverseRoot(x: Value): Value {
  return reciprocal(sqrt(add(x, EPSILON)));
}
