import type { DType } from './dtype.ts';
import type { Shape } from './shape.ts';

/** For operations that have none. */
export interface NoAttributes {
  readonly [name: string]: never;
}

/** Axes are ascending and non-negative. */
export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** One non-negative axis. */
export interface AxisAttributes {
  readonly axis: number;
}

/** One entry per axis of the input: first index taken, how many, and the step (negative steps walk backwards). */
export interface SliceAttributes {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
}

/** One entry per axis of the input; never negative. `value` fills the border. */
export interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

/** One entry per spatial axis, except `groups`. */
export interface ConvAttributes {
  readonly strides: readonly number[];
  readonly padBefore: readonly number[];
  readonly padAfter: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
}

/** A transposed convolution states its output size, since several sizes fit one input when the stride is above 1. */
export interface ConvTransposeAttributes extends ConvAttributes {
  readonly outputSize: readonly number[];
}

/** One entry per spatial axis. Windows lie wholly inside the input. */
export interface PoolAttributes {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
}

/** One entry per spatial axis. Windows may reach into a border, whose entries never win. */
export interface MaxPoolAttributes extends PoolAttributes {
  readonly padBefore: readonly number[];
  readonly padAfter: readonly number[];
  readonly dilations: readonly number[];
}

/** The catalogue: every operation of the graph and the type of its attributes. Names are ONNX operator names where one stands behind it. */
export interface OpAttributes {
  // elementwise, one input
  readonly Neg: NoAttributes;
  readonly Exp: NoAttributes;
  readonly Log: NoAttributes;
  readonly Sqrt: NoAttributes;
  readonly Erf: NoAttributes;
  readonly Sin: NoAttributes;
  readonly Cos: NoAttributes;
  readonly Tanh: NoAttributes;
  readonly Sigmoid: NoAttributes;
  readonly Relu: NoAttributes;
  readonly Abs: NoAttributes;
  readonly Reciprocal: NoAttributes;
  readonly Floor: NoAttributes;
  readonly Not: NoAttributes;
  readonly Identity: NoAttributes;
  readonly StopGradient: NoAttributes;
  readonly Cast: { readonly to: DType };
  // products whose second factor is a known function of the first
  readonly Silu: NoAttributes;
  readonly Gelu: NoAttributes;
  readonly SquaredRelu: NoAttributes;
  // elementwise, broadcasting
  readonly Add: NoAttributes;
  readonly Sub: NoAttributes;
  readonly Mul: NoAttributes;
  readonly Div: NoAttributes;
  readonly Pow: NoAttributes;
  readonly Max: NoAttributes;
  readonly Min: NoAttributes;
  readonly Mod: NoAttributes;
  readonly Greater: NoAttributes;
  readonly GreaterOrEqual: NoAttributes;
  readonly Less: NoAttributes;
  readonly LessOrEqual: NoAttributes;
  readonly Equal: NoAttributes;
  readonly And: NoAttributes;
  readonly Or: NoAttributes;
  readonly Where: NoAttributes;
  // movement
  readonly Reshape: { readonly shape: Shape };
  readonly Transpose: { readonly perm: readonly number[] };
  readonly Expand: { readonly shape: Shape };
  readonly Concat: AxisAttributes;
  readonly Split: { readonly axis: number; readonly sizes: readonly number[] };
  readonly Slice: SliceAttributes;
  readonly Pad: PadAttributes;
  // reduction
  readonly ReduceSum: ReduceAttributes;
  readonly ReduceMean: ReduceAttributes;
  readonly ReduceMax: ReduceAttributes;
  readonly ReduceMin: ReduceAttributes;
  readonly ArgMax: { readonly axis: number; readonly keepDims: boolean };
  readonly Softmax: AxisAttributes;
  readonly LogSoftmax: AxisAttributes;
  readonly Standardize: { readonly epsilon: number };
  readonly Normalized: { readonly axes: readonly number[] };
  // linear algebra
  readonly MatMul: NoAttributes;
  // convolution
  readonly Conv: ConvAttributes;
  readonly ConvTranspose: ConvTransposeAttributes;
  readonly ResizeNearest: { readonly factors: readonly number[] };
  readonly AveragePool: PoolAttributes;
  readonly MaxPool: MaxPoolAttributes;
  // indexing
  readonly Gather: AxisAttributes;
  readonly GatherElements: AxisAttributes;
  readonly ScatterElementsAdd: AxisAttributes;
  readonly ScatterAdd: NoAttributes;
  // a graph within the graph: the number of its body in `graph.bodies`
  readonly Scan: { readonly body: number };
  readonly Range: { readonly start: number; readonly step: number; readonly length: number; readonly dtype: DType };
}

/** Name of an operation. */
export type OpName = keyof OpAttributes;
