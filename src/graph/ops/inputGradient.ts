import type { ConvAttributes } from '../attributes.ts';
import { convExact, convTransposeExact } from '../build/convolution.ts';
import { matmul } from '../build/linalg.ts';
import { flip, reshape, swapLast, transpose } from '../build/movement.ts';
import type { Value } from '../ir.ts';
import { allAxes, type Shape, sizeOf } from '../shape.ts';
import { columnSizes, kernelColumns } from './kernelColumns.ts';

/**
 * dX of a convolution. Where the kernel moves by single steps this is a convolution of dY with the kernel turned round, which ONNX Runtime computes 5–15 %
 * faster than a transposed convolution; otherwise that one. It is also taken where the kernel has more entries than dY, since turning it round then costs
 * more than it saves (measured 13–30 %). On small images one product over the whole batch takes 10–50 % less time than either, since ONNX Runtime
 * multiplies example by example (all on the CPU with test/bench/graphMicro.ts).
 */
export function inputGradient(dy: Value, w: Value, input: Shape, attributes: ConvAttributes): Value {
  const isHeavy = sizeOf(w.shape) > sizeOf(dy.shape);
  if (isSuitedForColumns(dy, w, input, attributes, isHeavy)) return inputGradientByColumns(dy, w, input, attributes);
  const turned = isHeavy ? null : inputGradientByTurning(dy, w, attributes);
  return turned ?? convTransposeExact(dy, w, attributes, input.slice(2));
}

/** Images of at most this many places. */
const FEW_PLACES = 64;
/** Columns of at most this many numbers stay in the processor's cache; of more, only those pay that replace a transposed convolution. */
const FEW_ENTRIES = 2 ** 21;

function isSuitedForColumns(dy: Value, w: Value, input: Shape, how: ConvAttributes, isHeavy: boolean): boolean {
  const kernel = w.shape.slice(2);
  if (how.groups > 1 || how.strides.some((stride) => stride > 1) || sizeOf(kernel) === 1) return false;
  const { places, entries } = columnSizes(dy, input.slice(2), kernel);
  return places <= FEW_PLACES && (isHeavy || entries <= FEW_ENTRIES);
}

/**
 * Without groups and in single steps, place p of X is read by tap t for the place p + padding − t · dilation of the result: [N · L, taps · M] × [taps · M, C],
 * L the places of X.
 */
export function inputGradientByColumns(dy: Value, w: Value, input: Shape, attributes: ConvAttributes): Value {
  const [examples, read, ...places] = input as [number, number, ...number[]];
  const [made, , ...kernel] = w.shape as [number, number, ...number[]];
  const columns = kernelColumns(dy, places, kernel, {
    strides: attributes.strides,
    dilations: attributes.dilations.map((dilation) => -dilation),
    padBefore: attributes.padBefore.map((count) => -count),
  });
  const taps = sizeOf(kernel);
  const weights = reshape(transpose(reshape(w, [made, read, taps]), [2, 0, 1]), [taps * made, read]);
  return reshape(swapLast(reshape(matmul(columns, weights), [examples, -1, read])), input);
}

/**
 * The convolution of dY with the kernel backwards and its channels exchanged; null where the kernel moves by other steps than single ones or has a wider
 * border than it reaches.
 */
export function inputGradientByTurning(dy: Value, w: Value, attributes: ConvAttributes): Value | null {
  const { strides, dilations, groups } = attributes;
  const reach = w.shape.slice(2).map((size, i) => dilations[i]! * (size - 1));
  const padBefore = reach.map((size, i) => size - attributes.padBefore[i]!);
  const padAfter = reach.map((size, i) => size - attributes.padAfter[i]!);
  const fits = strides.every((stride) => stride === 1) && [...padBefore, ...padAfter].every((count) => count >= 0);
  return fits ? convExact(dy, turnedKernel(w, groups), { strides, dilations, groups, padBefore, padAfter }) : null;
}

/** The kernel backwards along its spatial axes, with the channels it reads and makes exchanged in every group. */
function turnedKernel(w: Value, groups: number): Value {
  const [made, read, ...kernel] = w.shape;
  const spatial = allAxes(w.rank).slice(2);
  const grouped = reshape(flip(w, spatial), [groups, made! / groups, read!, ...kernel]);
  const exchanged = transpose(grouped, [0, 2, 1, ...spatial.map((axis) => axis + 1)]);
  return reshape(exchanged, [groups * read!, made! / groups, ...kernel]);
}
