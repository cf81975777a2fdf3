import type { DType } from '../dtype.ts';
import type { BaseGraph, Value } from '../ir.ts';
import { normalizeAxis, refuse, showShape, sizeOf } from '../shape.ts';
import { add, equal, mul } from './binary.ts';
import { narrow, reshape, unsqueeze } from './movement.ts';
import { cast } from './unary.ts';

/** Entries of an axis picked by whole-number indices of any shape; that shape takes the place of the axis. */
export function gather(x: Value, indices: Value, axis = 0): Value {
  return x.graph.apply('Gather', [x, indices], { axis: normalizeAxis(axis, x.rank) })[0]!;
}

/** Entries of x along one axis: result[i, j] = x[indices[i, j], j] for axis 0, with as many axes as x has. */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  return x.graph.apply('GatherElements', [x, indices], { axis: normalizeAxis(axis, x.rank) })[0]!;
}

/** `data` with `updates` added along one axis: the transpose of `gatherElements`. Equal indices add up. */
export function scatterElementsAdd(data: Value, indices: Value, updates: Value, axis: number): Value {
  return data.graph.apply('ScatterElementsAdd', [data, indices, updates], { axis: normalizeAxis(axis, data.rank) })[0]!;
}

/**
 * `data` with `updates` added at `indices` (ONNX ScatterND with reduction "add"): indices [k, r] of int64 point into the first
 * r axes of data, updates [k, …rest of data]. Equal indices add up. For r above 1 the indices must not be negative.
 */
export function scatterNdAdd(data: Value, indices: Value, updates: Value): Value {
  const depth = indices.shape[1];
  if (indices.rank !== 2 || depth === undefined || depth < 1 || depth > data.rank) {
    throw refuse(`scatterNdAdd needs indices [k, r] with r from 1 to ${data.rank}, not ${showShape(indices.shape)}.`);
  }
  if (depth === 1) return data.graph.apply('ScatterAdd', [data, indices, updates], {})[0]!;
  const rest = data.shape.slice(depth);
  const flat = reshape(data, [sizeOf(data.shape.slice(0, depth)), ...rest]);
  return reshape(data.graph.apply('ScatterAdd', [flat, linearIndex(indices, data), updates], {})[0]!, data.shape);
}

/** Whole numbers as vectors with a single 1: indices of any shape → [...shape, depth]. Indices outside give zeros. */
export function oneHot(indices: Value, depth: number, dtype: DType = 'float32'): Value {
  const classes = range(indices.graph, depth, { dtype: indices.dtype });
  return cast(equal(unsqueeze(indices, [-1]), classes), dtype);
}

/** start, start+step, … as a vector of `length` entries. */
export function range(
  graph: BaseGraph,
  length: number,
  options: { readonly start?: number; readonly step?: number; readonly dtype?: DType } = {},
): Value {
  const { start = 0, step = 1, dtype = 'int64' } = options;
  return graph.apply('Range', [], { start, step, length, dtype })[0]!;
}

function linearIndex(indices: Value, data: Value): Value {
  const depth = indices.shape[1]!;
  let linear = narrow(indices, 1, 0, 1);
  for (let axis = 1; axis < depth; axis++) {
    linear = add(mul(linear, data.shape[axis]!), narrow(indices, 1, axis, 1));
  }
  return linear;
}
