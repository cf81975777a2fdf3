import type { ConvAttributes } from '../attributes.ts';
import { mul } from '../build/binary.ts';
import { matmul } from '../build/linalg.ts';
import { concat, pad, reshape, slice, swapLast, transpose } from '../build/movement.ts';
import { reduceSum } from '../build/reduction.ts';
import type { Value } from '../ir.ts';
import { allAxes, type Shape, sizeOf } from '../shape.ts';
import { columnSizes, kernelColumns, placesOf } from './kernelColumns.ts';

/** dW of a convolution of x [N, C, …] with result gradient dy [N, M, …]. */
export function weightGradient(x: Value, dy: Value, weights: Shape, attributes: ConvAttributes): Value {
  const [made, readPerGroup] = weights;
  if (readPerGroup === 1 && made === attributes.groups) return depthwiseGradient(x, dy, weights, attributes);
  if (sizeOf(weights.slice(2)) === 1) return pointwiseGradient(x, dy, weights, attributes);
  const byColumns = isSuitedForColumns(x, dy, weights, attributes);
  return (byColumns ? weightGradientByColumns : weightGradientByTaps)(x, dy, weights, attributes);
}

/** Images of at most this many places have short rows, which slices copy slowly. */
const FEW_PLACES = 64;
/** Up to this many, both ways take the same time on one thread; but a Gather uses several, which slices do not. */
const SOME_PLACES = 256;
/** Above this, columns of such images cost memory for nothing. */
const FEW_ENTRIES = 2 ** 22;
/** A longer table (256 KB) would make the model large. */
const LONGEST_TABLE = 2 ** 15;

function isSuitedForColumns(x: Value, dy: Value, weights: Shape, { groups, strides }: ConvAttributes): boolean {
  const { places, entries, table } = columnSizes(x, dy.shape.slice(2), weights.slice(2));
  if (groups > 1 || table > LONGEST_TABLE) return false;
  const steps = strides.some((stride) => stride > 1);
  return steps || places <= FEW_PLACES || (places <= SOME_PLACES && entries <= FEW_ENTRIES);
}

/**
 * All taps in one product over the whole batch, [M, N·L] × [N·L, taps · C], where L counts the places of the result. Measured on the CPU
 * (test/bench/graphMicro.ts), 3×3 kernels: 1.3 times as fast as tap by tap for 8×8 places, twice for 4×4, where slices have short rows, and 1.3–2.3 times where
 * the kernel moves by steps of two, which slices take number by number; slower for 32×32.
 */
export function weightGradientByColumns(x: Value, dy: Value, weights: Shape, attributes: ConvAttributes): Value {
  const [made, read, ...kernel] = weights as [number, number, ...number[]];
  const columns = kernelColumns(x, dy.shape.slice(2), kernel, attributes);
  const product = matmul(reshape(channelsFirst(dy), [made, -1]), columns);
  return reshape(swapLast(reshape(product, [made, sizeOf(kernel), read])), weights);
}

/**
 * For every tap of the kernel, the product of dY with the part of X that the tap reads, [G, M/G, N·L] × [G, N·L, C/G], where L counts the places of the
 * result. With the channels in front, examples and places are one long inner axis. Measured on the CPU (test/bench/graphMicro.ts), 3×3 kernels on
 * larger images: 1.5–2.2 times as fast as a convolution of X with dY, 1.2–1.4 times as fast as all taps in one product per example (im2col), and 1–1.3
 * times as fast as one product per tap and example.
 */
export function weightGradientByTaps(x: Value, dy: Value, weights: Shape, attributes: ConvAttributes): Value {
  const [made, , ...kernel] = weights as [number, number, ...number[]];
  const inner = x.shape[0]! * sizeOf(dy.shape.slice(2));
  const grouped = (value: Value, channels: number) =>
    reshape(
      value,
      attributes.groups === 1 ? [channels, inner] : [attributes.groups, channels / attributes.groups, inner],
    );
  const rows = grouped(channelsFirst(dy), made);
  const taps = kernelTaps(channelsFirst(x), dy.shape.slice(2), kernel, attributes);
  const products = taps.map((tap) => matmul(rows, swapLast(grouped(tap, x.shape[1]!))));
  return reshape(stackLast(products), weights);
}

/**
 * With a single tap, bringing the channels in front would cost more than it gains (measured 15–35 %): one product per example,
 * [N, G, M/G, L] × [N, G, L, C/G], and a sum over the examples.
 */
function pointwiseGradient(x: Value, dy: Value, weights: Shape, attributes: ConvAttributes): Value {
  const [tap] = kernelTaps(x, dy.shape.slice(2), weights.slice(2), attributes);
  const { groups } = attributes;
  const grouped = (value: Value) => {
    const [examples, channels] = value.shape as [number, number];
    return reshape(value, groups === 1 ? [examples, channels, -1] : [examples, groups, channels / groups, -1]);
  };
  return reshape(reduceSum(matmul(grouped(dy), swapLast(grouped(tap!))), [0], false), weights);
}

/** With one channel in and one out per group, a matrix product would be a sum of products entry by entry. */
function depthwiseGradient(x: Value, dy: Value, weights: Shape, attributes: ConvAttributes): Value {
  const taps = kernelTaps(x, dy.shape.slice(2), weights.slice(2), attributes);
  const others = allAxes(dy.rank).filter((axis) => axis !== 1);
  return reshape(stackLast(taps.map((tap) => reduceSum(mul(dy, tap), others, false))), weights);
}

function channelsFirst(value: Value): Value {
  return transpose(value, [1, 0, ...allAxes(value.rank).slice(2)]);
}

/** Rows up to this long are copied one by one so slowly that the last axis is cut once for all taps that read the same columns (measured 5–7 % of dW). */
const SHORT_ROW = 8;

/** For every tap, in row-major order of the kernel, the part of the padded input that it reads, with the result's spatial sizes. */
function kernelTaps(x: Value, result: Shape, kernel: Shape, attributes: ConvAttributes): readonly Value[] {
  const { strides, dilations } = attributes;
  const padded = pad(x, [0, 0, ...attributes.padBefore], [0, 0, ...attributes.padAfter]);
  const axes = kernel.map((_, i) => i + 2);
  const groups = axes.length > 1 && result.at(-1)! <= SHORT_ROW ? [axes.slice(-1), axes.slice(0, -1)] : [axes];
  return placesOf(kernel).map((tap) =>
    groups.reduce((from, cut) => {
      const starts = cut.map((axis) => tap[axis - 2]! * dilations[axis - 2]!);
      const ends = cut.map((axis, i) => starts[i]! + (result[axis - 2]! - 1) * strides[axis - 2]! + 1);
      return slice(from, { starts, ends, axes: cut, steps: cut.map((axis) => strides[axis - 2]!) });
    }, padded),
  );
}

/** Values of one shape, joined along a new last axis. */
function stackLast(values: readonly Value[]): Value {
  const first = values[0]!;
  if (values.length === 1) return first;
  const stacked = reshape(concat(values, 0), [values.length, ...first.shape]);
  return transpose(stacked, [...allAxes(first.rank).map((axis) => axis + 1), 0]);
}
