import type { ConvAttributes } from '../attributes.ts';
import { gather } from '../build/indexing.ts';
import { concat, expand, reshape, transpose } from '../build/movement.ts';
import type { BaseGraph, Value } from '../ir.ts';
import { type Shape, sizeOf } from '../shape.ts';

/** How large the columns of a convolution would be. */
export interface ColumnSizes {
  /** Places of an image. */
  readonly places: number;
  /** Numbers in all columns. */
  readonly entries: number;
  /** Whole numbers that say where each is read, which lie in the model. */
  readonly table: number;
}

export function columnSizes(x: Value, result: Shape, kernel: Shape): ColumnSizes {
  const places = sizeOf(result);
  const table = places * sizeOf(kernel);
  return { places, entries: x.shape[0]! * table * x.shape[1]!, table };
}

/** How the taps of a kernel read an input: at place · stride + tap · dilation − padBefore along every axis. Dilations may be negative here. */
export type TapPlaces = Pick<ConvAttributes, 'strides' | 'dilations' | 'padBefore'>;

/**
 * What every place of a result reads of x [N, C, …], zeros outside of it: [N · places, taps · C], taps in row-major order of the kernel. So a convolution, or a
 * gradient of one, is a single matrix product over the whole batch (Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
 * processing", 2006, section 3.1, with places as rows). One Gather of rows of C numbers makes it, which ONNX Runtime copies whole and shares among its threads.
 */
export function kernelColumns(x: Value, result: Shape, kernel: Shape, how: TapPlaces): Value {
  const [examples, channels] = x.shape as [number, number];
  const rows = concat([channelsLast(x), expand(x.graph.scalar(0, x.dtype), [examples, 1, channels])], 1);
  const picked = gather(rows, readPlaces(x.graph, { input: x.shape.slice(2), result, kernel, how }), 1);
  return reshape(picked, [examples * sizeOf(result), sizeOf(kernel) * channels]);
}

/** x [N, C, …] as [N, places, C]. */
function channelsLast(x: Value): Value {
  return transpose(reshape(x, [x.shape[0]!, x.shape[1]!, -1]), [0, 2, 1]);
}

interface Reading {
  readonly input: Shape;
  readonly result: Shape;
  readonly kernel: Shape;
  readonly how: TapPlaces;
}

/** Tables of graphs by their content: the convolutions of a network have few different ones, and a graph keeps long constants as often as it is given them. */
const tables = new WeakMap<BaseGraph, Map<string, Value>>();

/** The number of the place that every tap reads for every place of the result, and one more than the last where that is outside: int64 [places · taps]. */
function readPlaces(graph: BaseGraph, reading: Reading): Value {
  const known = tables.get(graph) ?? new Map<string, Value>();
  tables.set(graph, known);
  const { input, result, kernel, how } = reading;
  const key = JSON.stringify([input, result, kernel, how.strides, how.dilations, how.padBefore]);
  const table = known.get(key);
  if (table !== undefined) return table;
  const taps = placesOf(kernel);
  const places = placesOf(result).flatMap((place) => taps.map((tap) => readPlace(place, tap, reading)));
  const made = graph.constant(places, [places.length], 'int64');
  known.set(key, made);
  return made;
}

function readPlace(place: Shape, tap: Shape, { input, how }: Reading): number {
  let index = 0;
  for (const [axis, size] of input.entries()) {
    const at = place[axis]! * how.strides[axis]! + tap[axis]! * how.dilations[axis]! - how.padBefore[axis]!;
    if (at < 0 || at >= size) return sizeOf(input);
    index = index * size + at;
  }
  return index;
}

/** Every index of an array of this shape, in row-major order. */
export function placesOf(shape: Shape): readonly Shape[] {
  return shape.reduce<readonly Shape[]>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}
