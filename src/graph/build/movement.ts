import { peel } from '../inspect.ts';
import type { Value } from '../ir.ts';
import {
  allAxes,
  broadcastShapes,
  normalizeAxes,
  normalizeAxis,
  refuse,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  withSize,
} from '../shape.ts';

/** The same numbers in another shape. One size may be −1: it is computed from the others. */
export function reshape(x: Value, shape: Shape): Value {
  const target = completeShape(x.shape, shape);
  if (sameShape(target, x.shape)) return x;
  const inner = peel(x, 'Reshape');
  if (inner !== null) return reshape(inner.inputs[0]!, target);
  return x.graph.apply('Reshape', [x], { shape: target })[0]!;
}

/** Axes in another order: axis i of the result is axis perm[i] of x. */
export function transpose(x: Value, perm: readonly number[]): Value {
  const order = perm.map((axis) => normalizeAxis(axis, x.rank));
  normalizeAxes(order, x.rank);
  if (order.length !== x.rank) throw refuse(`transpose needs ${x.rank} axes, not ${order.length}.`);
  if (order.every((axis, i) => axis === i)) return x;
  const inner = peel(x, 'Transpose');
  if (inner !== null) {
    return transpose(
      inner.inputs[0]!,
      order.map((axis) => inner.attributes.perm[axis]!),
    );
  }
  return x.graph.apply('Transpose', [x], { perm: order })[0]!;
}

/** The last two axes exchanged. */
export function swapLast(x: Value): Value {
  const axes = [...allAxes(x.rank)];
  return transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

/** Stretched to a shape by broadcasting. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(shape, x.shape)) return x;
  if (!sameShape(broadcastShapes(x.shape, shape, 'expand'), shape)) {
    throw refuse(`expand cannot stretch ${showShape(x.shape)} to ${showShape(shape)}.`);
  }
  const inner = peel(x, 'Expand');
  return x.graph.apply('Expand', [inner === null ? x : inner.inputs[0]!], { shape: [...shape] })[0]!;
}

/** Without the named axes, which must have size 1; without names, without all axes of size 1. */
export function squeeze(x: Value, axes?: readonly number[]): Value {
  const dropped = axes === undefined ? allAxes(x.rank).filter((i) => x.shape[i] === 1) : normalizeAxes(axes, x.rank);
  if (dropped.some((axis) => x.shape[axis] !== 1)) {
    throw refuse(`squeeze cannot drop the axes ${showShape(dropped)} of ${showShape(x.shape)}: a size is not 1.`);
  }
  return reshape(
    x,
    x.shape.filter((_, axis) => !dropped.includes(axis)),
  );
}

/** With new axes of size 1 at the named places of the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.rank + axes.length;
  const added = normalizeAxes(axes, rank);
  const rest = [...x.shape];
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : rest.shift()!)),
  );
}

/** Values side by side along an axis. */
export function concat(xs: readonly Value[], axis: number): Value {
  const first = xs[0];
  if (first === undefined) throw refuse('concat needs at least one value.');
  if (xs.length === 1) return first;
  return first.graph.apply('Concat', xs, { axis: normalizeAxis(axis, first.rank) })[0]!;
}

/** Parts of the given sizes along an axis; the sizes must add up. */
export function split(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  if (sizes.length === 1 && sizes[0] === x.shape[normalizeAxis(axis, x.rank)]) return [x];
  return x.graph.apply('Split', [x], { axis: normalizeAxis(axis, x.rank), sizes: [...sizes] });
}

/** Which part a slice takes; as in NumPy, negative positions count from the end and ends are clipped. */
export interface SliceRange {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** The axes that starts and ends speak of; all by default. */
  readonly axes?: readonly number[];
  readonly steps?: readonly number[];
}

/** A regular part of x. With a negative step, start is the last index taken first and end is exclusive below it. */
export function slice(x: Value, range: SliceRange): Value {
  const axes = range.axes ?? allAxes(range.starts.length);
  const starts = x.shape.map(() => 0);
  const sizes = [...x.shape];
  const steps = x.shape.map(() => 1);
  axes.forEach((given, i) => {
    const axis = normalizeAxis(given, x.rank);
    const size = x.shape[axis]!;
    const step = range.steps?.[i] ?? 1;
    const start = clipPosition(range.starts[i]!, size, step);
    const end = clipPosition(range.ends[i]!, size, step);
    starts[axis] = start;
    steps[axis] = step;
    sizes[axis] = Math.max(0, Math.ceil((end - start) / step));
  });
  return sliceExact(x, starts, sizes, steps);
}

/** A slice in the form that the graph keeps: first index, count and step of every axis. */
export function sliceExact(x: Value, starts: readonly number[], sizes: Shape, steps: readonly number[]): Value {
  if (sameShape(sizes, x.shape) && steps.every((step) => step === 1)) return x;
  // An empty part has no first index; 0 stands for it, since −1 would mean the last one in ONNX.
  const firsts = starts.map((start, axis) => (sizes[axis] === 0 ? 0 : start));
  return x.graph.apply('Slice', [x], { starts: firsts, sizes: [...sizes], steps: [...steps] })[0]!;
}

/** Part of one axis: indices start … start+size−1. */
export function narrow(x: Value, axis: number, start: number, size: number): Value {
  return slice(x, { starts: [start], ends: [start + size], axes: [axis] });
}

/** Backwards along the named axes. */
export function flip(x: Value, axes: readonly number[]): Value {
  const flipped = normalizeAxes(axes, x.rank);
  return sliceExact(
    x,
    x.shape.map((size, axis) => (flipped.includes(axis) ? size - 1 : 0)),
    x.shape,
    x.shape.map((_, axis) => (flipped.includes(axis) ? -1 : 1)),
  );
}

/** A border of one value round x: `before[i]` entries ahead of axis i and `after[i]` behind it. */
export function pad(x: Value, before: readonly number[], after: readonly number[], value = 0): Value {
  if (before.length !== x.rank || after.length !== x.rank) {
    throw refuse(`pad needs ${x.rank} numbers on each side for ${showShape(x.shape)}.`);
  }
  if ([...before, ...after].every((count) => count === 0)) return x;
  return x.graph.apply('Pad', [x], { before: [...before], after: [...after], value })[0]!;
}

function completeShape(from: Shape, to: Shape): Shape {
  const open = to.indexOf(-1);
  const known = sizeOf(to.filter((size) => size !== -1));
  const target = open < 0 ? to : withSize(to, open, sizeOf(from) / known);
  if (sizeOf(target) !== sizeOf(from) || !target.every((size) => Number.isInteger(size) && size >= 0)) {
    throw refuse(`reshape cannot turn ${showShape(from)} into ${showShape(to)}.`);
  }
  return target;
}

function clipPosition(position: number, size: number, step: number): number {
  if (!Number.isInteger(step) || step === 0) throw refuse(`A slice cannot have the step ${step}.`);
  const counted = position < 0 ? position + size : position;
  return step > 0 ? Math.min(Math.max(counted, 0), size) : Math.min(Math.max(counted, -1), size - 1);
}
