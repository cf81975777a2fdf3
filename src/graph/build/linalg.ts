import type { Value } from '../ir.ts';
import { add } from './binary.ts';
import { reshape } from './movement.ts';

/** Matrix product over the last two axes; leading axes broadcast. Both need at least two axes. */
export function matmul(a: Value, b: Value): Value {
  return a.graph.apply('MatMul', [a, b], {})[0]!;
}

/**
 * x [..., in] · w [in, out] + bias [out] → [..., out]. Leading axes are folded for the product, so that ONNX Runtime makes product and
 * sum one Gemm; with axes between them it cannot.
 */
export function affine(x: Value, w: Value, bias: Value): Value {
  const rows = x.rank === 2 ? x : reshape(x, [-1, x.shape.at(-1)!]);
  const y = add(matmul(rows, w), bias);
  return reshape(y, [...x.shape.slice(0, -1), w.shape[1]!]);
}
