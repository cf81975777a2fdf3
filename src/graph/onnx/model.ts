import type { DType } from '../dtype.ts';
import type { Shape } from '../shape.ts';

/** An ONNX model as plain data: what `decodeModel` gives and `writeModel` takes. Field by field as in onnx.proto3. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly graph: OnnxGraph;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

/** What a convolution's node does not say of it. */
export interface ConvolutionFacts {
  /** [M, C / groups, …kernel] */
  readonly weights: Shape;
  /** Spatial sizes of the result. */
  readonly places: Shape;
  readonly groups: number;
}

/** What the node of a sum over all leading axes does not say of it. */
export interface ColumnSumFacts {
  /** Of the matrix that its input is when the leading axes are one. */
  readonly rows: number;
  readonly columns: number;
  /** Of the input as it is. */
  readonly rank: number;
  /** Of the result. */
  readonly shape: Shape;
}

/** An input named '' is an optional one that is left out. */
export interface OnnxNode {
  readonly name: string;
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** The first operator set that knows the operation for these types, where that is later than usual. It is not part of a file's node. */
  readonly opset?: number;
  /** Of a convolution of float32, for `withBlockedConvolutions`. It is not part of a file's node. */
  readonly convolution?: ConvolutionFacts;
  /** Of a sum of float32 over leading axes, for `withColumnSums`. It is not part of a file's node. */
  readonly columnSum?: ColumnSumFacts;
}

export type OnnxAttribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'graph'; readonly value: OnnxGraph }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] };

/** `data` holds the elements in little-endian row-major order, also where the file kept them in a typed field. */
export interface OnnxTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** A name, type and shape; a string is a named dimension of unknown size, null an unnamed one. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string | null)[];
  /** Of a sequence of such tensors. */
  readonly isSequence?: boolean;
}

/** Attribute of one whole number. */
export function intAttribute(value: number): OnnxAttribute {
  return { kind: 'int', value };
}

/** Attribute of whole numbers. */
export function intsAttribute(value: readonly number[]): OnnxAttribute {
  return { kind: 'ints', value };
}

/** Attribute of one string. */
export function stringAttribute(value: string): OnnxAttribute {
  return { kind: 'string', value };
}
