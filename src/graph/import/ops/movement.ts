import { add, equal, greaterOrEqual, lessOrEqual, mul, sub, where } from '../../build/binary.ts';
import { gather, gatherElements, oneHot, range, scatterNdAdd } from '../../build/indexing.ts';
import { concat, expand, pad, reshape, slice, split, squeeze, transpose, unsqueeze } from '../../build/movement.ts';
import { cast } from '../../build/unary.ts';
import { unpackNumbers } from '../../dtype.ts';
import type { Value } from '../../ir.ts';
import { allAxes, broadcastShapes, normalizeAxis, type Shape, sizeOf } from '../../shape.ts';
import type { ImportedNode } from '../importedNode.ts';
import type { Importers } from '../importer.ts';

/** Operators that move, cut, join, pick and make tensors. */
export const movementImporters: Importers = {
  Shape: (node) => {
    const { shape, rank } = node.value(0);
    const part = shape.slice(node.int('start', 0), node.int('end', rank));
    return node.graph.constant(part, [part.length], 'int64');
  },
  Size: (node) => node.graph.scalar(sizeOf(node.value(0).shape), 'int64'),
  Constant: (node) => {
    const tensor = node.attribute('value', 'tensor');
    if (tensor !== undefined) return node.constant(tensor);
    const ints = node.attribute('value_ints', 'ints');
    if (ints !== undefined) return node.graph.constant(ints, [ints.length], 'int64');
    const floats = node.attribute('value_floats', 'floats');
    if (floats !== undefined) return node.graph.constant(floats, [floats.length], 'float32');
    const int = node.attribute('value_int', 'int');
    if (int !== undefined) return node.graph.scalar(int, 'int64');
    const float = node.attribute('value_float', 'float');
    if (float !== undefined) return node.graph.scalar(float, 'float32');
    throw node.refusal('holds a text or a sparse tensor');
  },
  ConstantOfShape: (node) => {
    const shape = node.known(0, 'shape') ?? [];
    const value = node.attribute('value', 'tensor');
    if (value === undefined) return expand(node.graph.scalar(0), shape);
    return expand(node.graph.constant(unpackNumbers(value.data, value.dtype), [], value.dtype), shape);
  },
  Reshape: (node) => reshape(node.value(0), wantedShape(node)),
  Flatten: (node) => {
    const x = node.value(0);
    const axis = node.int('axis', 1);
    const rows = sizeOf(x.shape.slice(0, axis < 0 ? axis + x.rank : axis));
    return reshape(x, [rows, sizeOf(x.shape) / rows]);
  },
  Squeeze: (node) => squeeze(node.value(0), node.knownOrInts(1, 'axes')),
  Unsqueeze: (node) => unsqueeze(node.value(0), node.knownOrInts(1, 'axes') ?? []),
  Transpose: (node) => {
    const x = node.value(0);
    return transpose(x, node.attribute('perm', 'ints') ?? [...allAxes(x.rank)].reverse());
  },
  Expand: (node) => expand(node.value(0), broadcastShapes(node.value(0).shape, node.known(1, 'shape') ?? [])),
  Tile: (node) => tile(node.value(0), node.known(1, 'repeats') ?? []),
  Concat: (node) => concat(node.inputs, node.int('axis', 0)),
  Split: (node) => split(node.value(0), partSizes(node), node.int('axis', 0)),
  Slice: (node) => {
    const [starts, ends] = [node.known(1, 'start') ?? [], node.known(2, 'end') ?? []];
    const [axes, steps] = [node.known(3, 'axes'), node.known(4, 'steps')];
    return slice(node.value(0), {
      starts,
      ends,
      ...(axes === undefined ? {} : { axes }),
      ...(steps === undefined ? {} : { steps }),
    });
  },
  Pad: (node) => padded(node),
  Gather: (node) => gather(node.value(0), node.value(1), node.int('axis', 0)),
  GatherElements: (node) => gatherElements(node.value(0), node.value(1), node.int('axis', 0)),
  GatherND: (node) => gatherPoints(node),
  ScatterND: (node) => {
    const [data, indices, updates] = [node.value(0), node.value(1), node.value(2)];
    if (node.text('reduction', 'none') !== 'add') throw node.refusal('overwrites entries, which has no rule here');
    const depth = indices.shape.at(-1)!;
    const points = sizeOf(indices.shape) / depth;
    return scatterNdAdd(
      data,
      reshape(indices, [points, depth]),
      reshape(updates, [points, ...data.shape.slice(depth)]),
    );
  },
  Range: (node) => {
    const [start, limit, step] = ['start', 'limit', 'step'].map((what, i) => node.known(i, what)?.[0]);
    const length = Math.max(0, Math.ceil((limit! - start!) / step!));
    return range(node.graph, length, { start: start!, step: step!, dtype: node.value(0).dtype });
  },
  OneHot: (node) => {
    const depth = node.known(1, 'depth')?.[0] ?? 0;
    const values = node.value(2);
    const axis = node.int('axis', -1);
    const hot = oneHot(cast(node.value(0), 'int64'), depth, values.dtype);
    const [off, on] = [0, 1].map((at) => reshape(slice(values, { starts: [at], ends: [at + 1] }), []));
    const spread = add(mul(hot, sub(on!, off!)), off!);
    return axis === -1 || axis === hot.rank - 1 ? spread : transpose(spread, movedLast(hot.rank, axis));
  },
  Trilu: (node) => triangle(node),
  EyeLike: (node) => {
    const { shape, dtype } = node.value(0);
    const [rows, columns] = [shape[0]!, shape[1]!];
    const places = equal(
      add(reshape(range(node.graph, rows), [rows, 1]), node.int('k', 0)),
      range(node.graph, columns),
    );
    return cast(places, dtype);
  },
};

/** 0 keeps the size of the input, unless the model says otherwise. */
function wantedShape(node: ImportedNode): Shape {
  const wanted = node.known(1, 'shape') ?? [];
  if (node.int('allowzero', 0) === 1) return wanted;
  return wanted.map((size, axis) => (size === 0 ? node.value(0).shape[axis]! : size));
}

function tile(x: Value, repeats: readonly number[]): Value {
  return repeats.reduce((value, count, axis) => {
    if (count === 1) return value;
    return concat(new Array<Value>(count).fill(value), axis);
  }, x);
}

/** Sizes stand in an input, before operator set 13 in an attribute; without them the parts are equal, and the last one may be smaller. */
function partSizes(node: ImportedNode): readonly number[] {
  const given = node.knownOrInts(1, 'split');
  if (given !== undefined) return given;
  const x = node.value(0);
  const total = x.shape[normalizeAxis(node.int('axis', 0), x.rank)]!;
  const parts = node.int('num_outputs', node.outputCount);
  const size = Math.ceil(total / parts);
  return Array.from({ length: parts }, (_, i) => Math.min(size, total - i * size));
}

/** Borders of one value, or that repeat or mirror the edge; a negative border cuts. */
function padded(node: ImportedNode): Value {
  const x = node.value(0);
  const counts = node.known(1, 'border') ?? [];
  const axes = node.known(3, 'axes') ?? allAxes(x.rank);
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  axes.forEach((given, i) => {
    const axis = normalizeAxis(given, x.rank);
    before[axis] = counts[i]!;
    after[axis] = counts[i + axes.length]!;
  });
  const mode = node.text('mode', 'constant');
  const cut = cutBorders(x, before, after);
  const [front, behind] = [before, after].map((border) => border.map((count) => Math.max(0, count)));
  if (mode === 'constant') return pad(cut, front!, behind!, node.known(2, 'value')?.[0] ?? 0);
  return front!.reduce((value, count, axis) => edged(node, value, axis, count, behind![axis]!, mode), cut);
}

function cutBorders(x: Value, before: readonly number[], after: readonly number[]): Value {
  if ([...before, ...after].every((count) => count >= 0)) return x;
  return slice(x, {
    starts: before.map((count) => Math.max(0, -count)),
    ends: x.shape.map((size, axis) => size - Math.max(0, -after[axis]!)),
  });
}

/** A border made of the value's own entries, picked by their index along one axis. */
function edged(node: ImportedNode, x: Value, axis: number, front: number, behind: number, mode: string): Value {
  if (front === 0 && behind === 0) return x;
  const size = x.shape[axis]!;
  const places = Array.from({ length: front + size + behind }, (_, i) => borderPlace(i - front, size, mode));
  if (places.includes(-1)) throw node.refusal(`has the mode "${mode}", which is not known here`);
  return gather(x, node.graph.constant(places, [places.length], 'int64'), axis);
}

function borderPlace(place: number, size: number, mode: string): number {
  if (mode === 'edge') return Math.min(Math.max(place, 0), size - 1);
  if (mode === 'wrap') return ((place % size) + size) % size;
  if (mode !== 'reflect') return -1;
  const period = Math.max(1, 2 * (size - 1));
  const within = ((place % period) + period) % period;
  return within < size ? within : period - within;
}

/** Points of the first r axes, as a gather along one axis that holds all of them. */
function gatherPoints(node: ImportedNode): Value {
  const [data, indices] = [node.value(0), node.value(1)];
  if (node.int('batch_dims', 0) !== 0) throw node.refusal('gathers per batch, which has no rule here');
  const depth = indices.shape.at(-1)!;
  const picked = data.shape.slice(0, depth);
  const strides = picked.map((_, axis) => sizeOf(picked.slice(axis + 1)));
  const weights = node.graph.constant(strides, [depth], 'int64');
  const heads = indices.shape.slice(0, -1);
  const products = mul(indices, weights);
  const places = strides
    .map((_, axis) => slice(products, { starts: [axis], ends: [axis + 1], axes: [-1] }))
    .reduce((a, b) => add(a, b));
  const rest = data.shape.slice(depth);
  return reshape(gather(reshape(data, [sizeOf(picked), ...rest]), reshape(places, heads)), [...heads, ...rest]);
}

/** The upper or lower triangle; everything else becomes zero. */
function triangle(node: ImportedNode): Value {
  const x = node.value(0);
  const offset = node.known(1, 'diagonal')?.[0] ?? 0;
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const row = add(reshape(range(node.graph, rows), [rows, 1]), offset);
  const column = range(node.graph, columns);
  const kept = node.int('upper', 1) === 1 ? lessOrEqual(row, column) : greaterOrEqual(row, column);
  return where(kept, x, node.graph.constant([0], [], x.dtype));
}

function movedLast(rank: number, axis: number): readonly number[] {
  const result = [...allAxes(rank - 1)];
  result.splice(axis < 0 ? axis + rank : axis, 0, rank - 1);
  return result;
}
