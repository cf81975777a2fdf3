import type { Value } from '../ir.ts';
import { allAxes, normalizeAxes, normalizeAxis, type Shape, sameShape } from '../shape.ts';
import { reshape } from './movement.ts';

type ReduceOp = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin';

/** Sum over axes, all by default. */
export function reduceSum(x: Value, axes?: readonly number[], keepDims = true): Value {
  return reduce('ReduceSum', x, axes, keepDims);
}

/** Mean over axes, all by default. */
export function reduceMean(x: Value, axes?: readonly number[], keepDims = true): Value {
  return reduce('ReduceMean', x, axes, keepDims);
}

/** Largest over axes, all by default. Equal largest elements share the gradient. */
export function reduceMax(x: Value, axes?: readonly number[], keepDims = true): Value {
  return reduce('ReduceMax', x, axes, keepDims);
}

/** Smallest over axes, all by default. Equal smallest elements share the gradient. */
export function reduceMin(x: Value, axes?: readonly number[], keepDims = true): Value {
  return reduce('ReduceMin', x, axes, keepDims);
}

/** Index of the first largest element along an axis, int64. It has no derivative (zero). */
export function argMax(x: Value, axis: number, keepDims = false): Value {
  return x.graph.apply('ArgMax', [x], { axis: normalizeAxis(axis, x.rank), keepDims })[0]!;
}

/** exp(x) divided by its sum along an axis. */
export function softmax(x: Value, axis = -1): Value {
  return x.graph.apply('Softmax', [x], { axis: normalizeAxis(axis, x.rank) })[0]!;
}

/** log(softmax(x)) along an axis, computed without overflow. */
export function logSoftmax(x: Value, axis = -1): Value {
  return x.graph.apply('LogSoftmax', [x], { axis: normalizeAxis(axis, x.rank) })[0]!;
}

/**
 * Mean 0 and variance 1 over the last axis: (x − mean) / √(variance + epsilon). The core of layer and group norms, as one node
 * (https://onnx.ai/onnx/operators/onnx__LayerNormalization.html).
 */
export function standardize(x: Value, epsilon = 1e-5): Value {
  return x.graph.apply('Standardize', [x], { epsilon })[0]!;
}

/** Undoes broadcasting: sums x over the axes along which a value of `shape` was stretched to the shape of x. */
export function unbroadcast(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const added = x.rank - shape.length;
  const stretched = allAxes(x.rank).filter(
    (axis) => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1),
  );
  // Without inner axes to keep, the sum has the wanted shape at once.
  const onlyLeading = stretched.every((axis) => axis < added);
  return reshape(reduceSum(x, stretched, !onlyLeading), shape);
}

function reduce(op: ReduceOp, x: Value, axes: readonly number[] | undefined, keepDims: boolean): Value {
  const reduced = axes === undefined ? allAxes(x.rank) : normalizeAxes(axes, x.rank);
  if (reduced.every((axis) => x.shape[axis] === 1)) {
    // Over single elements, and over no axes at all, every one of these reductions changes the shape only.
    return keepDims
      ? x
      : reshape(
          x,
          x.shape.filter((_, axis) => !reduced.includes(axis)),
        );
  }
  return x.graph.apply(op, [x], { axes: reduced, keepDims })[0]!;
}
