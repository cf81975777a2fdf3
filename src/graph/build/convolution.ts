import type { ConvAttributes } from '../attributes.ts';
import type { Value } from '../ir.ts';
import { refuse, type Shape, showShape, sizeOf } from '../shape.ts';
import { mul } from './binary.ts';
import { reshape } from './movement.ts';
import { reduceMax } from './reduction.ts';

/** One number for every spatial axis, or one number per axis. */
export type PerAxis = number | readonly number[];

/** How a kernel moves over its input. */
export interface ConvOptions {
  readonly stride?: PerAxis;
  /** Zeros round the input; a pair [before, after] per axis where the sides differ. */
  readonly padding?: number | readonly (number | readonly [number, number])[];
  readonly dilation?: PerAxis;
  readonly groups?: number;
}

/** Options of a convolution. */
export interface ConvWithBiasOptions extends ConvOptions {
  /** One number per channel made, shape [M]. Cheaper here than added afterwards. */
  readonly bias?: Value;
}

/** Options of a transposed convolution. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Spatial size of the result; by default the smallest that fits, (in − 1)·stride − padding + dilation·(kernel − 1) + 1. */
  readonly outputSize?: readonly number[];
}

/**
 * Convolution (cross-correlation) over one or two spatial axes: x [N, C, …], w [M, C/groups, …kernel] → [N, M, …].
 * https://onnx.ai/onnx/operators/onnx__Conv.html
 */
export function conv(x: Value, w: Value, options: ConvWithBiasOptions = {}): Value {
  checkRanks('conv', x, w);
  const inputs = options.bias === undefined ? [x, w] : [x, w, options.bias];
  return x.graph.apply('Conv', inputs, convAttributes(x.rank - 2, options))[0]!;
}

/**
 * Transposed convolution without bias: x [N, C, …], w [C, M/groups, …kernel] → [N, M, …]. It is the gradient of `conv` with
 * the same weights and options. https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
 */
export function convTranspose(x: Value, w: Value, options: ConvTransposeOptions = {}): Value {
  checkRanks('convTranspose', x, w);
  const attributes = convAttributes(x.rank - 2, options);
  const outputSize =
    options.outputSize ?? x.shape.slice(2).map((size, i) => transposedSize(size, w.shape[i + 2]!, attributes, i));
  return x.graph.apply('ConvTranspose', [x, w], { ...attributes, outputSize: [...outputSize] })[0]!;
}

/** Every spatial element repeated `factor` times along its axis: x [N, C, …] → [N, C, …·factor]. */
export function resizeNearest(x: Value, factor: PerAxis): Value {
  const factors = perAxis(factor, x.rank - 2);
  if (factors.every((size) => size === 1)) return x;
  return x.graph.apply('ResizeNearest', [x], { factors })[0]!;
}

/** Sum over blocks of `factor` elements per spatial axis: the transpose of `resizeNearest`. A pool takes a third of the time of a sum. */
export function sumBlocks(x: Value, factor: PerAxis): Value {
  const factors = perAxis(factor, x.rank - 2);
  return mul(averagePool(x, factors), sizeOf(factors));
}

/** Mean over windows without padding: x [N, C, …] → [N, C, …]. The stride is the window by default. */
export function averagePool(x: Value, kernel: PerAxis, stride: PerAxis = kernel): Value {
  const attributes = { kernel: perAxis(kernel, x.rank - 2), strides: perAxis(stride, x.rank - 2) };
  return x.graph.apply('AveragePool', [x], attributes)[0]!;
}

/** `averagePool` for images: x [N, C, H, W]. */
export function averagePool2d(x: Value, kernel: PerAxis, stride: PerAxis = kernel): Value {
  if (x.rank !== 4) throw refuse(`averagePool2d needs [N, C, H, W], not ${showShape(x.shape)}.`);
  return averagePool(x, kernel, stride);
}

/**
 * Largest entry of windows over x [N, C, …]; the stride is the window by default. Where windows tile the input and nothing is padded, equal largest
 * entries share the gradient; elsewhere the first one has it. https://onnx.ai/onnx/operators/onnx__MaxPool.html
 */
export function maxPool(x: Value, kernel: PerAxis, options: Omit<ConvOptions, 'groups'> = {}): Value {
  const axes = x.rank - 2;
  const sizes = perAxis(kernel, axes);
  const { strides, padBefore, padAfter, dilations } = convAttributes(axes, { stride: sizes, ...options });
  const tiles = sizes.every((size, i) => x.shape[i + 2]! % size === 0 && strides[i] === size && dilations[i] === 1);
  if (tiles && [...padBefore, ...padAfter].every((count) => count === 0)) return tiledMaxPool(x, sizes);
  return x.graph.apply('MaxPool', [x], { kernel: sizes, strides, padBefore, padAfter, dilations })[0]!;
}

/** By a reduction over the blocks, which is differentiated without indices. */
function tiledMaxPool(x: Value, sizes: readonly number[]): Value {
  const blocks = sizes.flatMap((size, i) => [x.shape[i + 2]! / size, size]);
  const inner = sizes.map((_, i) => 3 + 2 * i);
  return reduceMax(reshape(x, [x.shape[0]!, x.shape[1]!, ...blocks]), inner, false);
}

/** Size of one spatial axis after a convolution. */
export function convolvedSize(size: number, kernel: number, attributes: ConvAttributes, axis: number): number {
  const padded = size + attributes.padBefore[axis]! + attributes.padAfter[axis]!;
  return Math.floor((padded - attributes.dilations[axis]! * (kernel - 1) - 1) / attributes.strides[axis]!) + 1;
}

/** Smallest size of one spatial axis whose convolution gives `size`. */
export function transposedSize(size: number, kernel: number, attributes: ConvAttributes, axis: number): number {
  const spread = (size - 1) * attributes.strides[axis]! + attributes.dilations[axis]! * (kernel - 1) + 1;
  return spread - attributes.padBefore[axis]! - attributes.padAfter[axis]!;
}

/** Convolution again with attributes as the graph keeps them. For derivative rules. */
export function convExact(x: Value, w: Value, attributes: ConvAttributes): Value {
  const { strides, padBefore, padAfter, dilations, groups } = attributes;
  return x.graph.apply('Conv', [x, w], { strides, padBefore, padAfter, dilations, groups })[0]!;
}

/** Transposed convolution to a given spatial size, with attributes as the graph keeps them. For derivative rules. */
export function convTransposeExact(x: Value, w: Value, attributes: ConvAttributes, outputSize: Shape): Value {
  const { strides, padBefore, padAfter, dilations, groups } = attributes;
  return x.graph.apply('ConvTranspose', [x, w], { strides, padBefore, padAfter, dilations, groups, outputSize })[0]!;
}

function convAttributes(axes: number, options: ConvOptions): ConvAttributes {
  const padding = options.padding ?? 0;
  const sides = typeof padding === 'number' ? Array.from({ length: axes }, () => padding) : padding;
  if (sides.length !== axes) throw refuse(`The padding names ${sides.length} axes, but there are ${axes}.`);
  return {
    strides: perAxis(options.stride ?? 1, axes),
    padBefore: sides.map((side) => (typeof side === 'number' ? side : side[0])),
    padAfter: sides.map((side) => (typeof side === 'number' ? side : side[1])),
    dilations: perAxis(options.dilation ?? 1, axes),
    groups: options.groups ?? 1,
  };
}

function perAxis(value: PerAxis, axes: number): readonly number[] {
  const sizes = typeof value === 'number' ? Array.from({ length: axes }, () => value) : [...value];
  if (sizes.length !== axes || !sizes.every((size) => Number.isInteger(size) && size >= 1)) {
    throw refuse(`${showShape(sizes)} is not a positive whole number for each of ${axes} spatial axes.`);
  }
  return sizes;
}

function checkRanks(what: string, x: Value, w: Value): void {
  if (x.rank !== w.rank || x.rank < 3 || x.rank > 4) {
    throw refuse(
      `${what} needs an input and weights of rank 3 or 4, not ${showShape(x.shape)} and ${showShape(w.shape)}.`,
      'Inputs are [N, C, L] or [N, C, H, W].',
    );
  }
}
