import type { ScalarBatch } from '../../domain/records.ts';

/**
 * Memory that this thread has used and will use again: of runs that are read one after the other only to know their figures, each would otherwise
 * take and drop megabytes, and collecting those costs as much as reading.
 */
const mostColumnBytes = 8 << 20;
const mostPieces = 4;
const largestPiece = 1 << 21;

let columnBytes = 0;
const spareColumns: Float64Array<ArrayBuffer>[] = [];
const sparePieces: ArrayBuffer[] = [];

/** A column of at least so many numbers, with anything in it. */
export function takeColumn(capacity: number): Float64Array<ArrayBuffer> {
  const spare = spareColumns.at(-1);
  if (spare === undefined || spare.length < capacity) return new Float64Array(capacity);
  spareColumns.pop();
  columnBytes -= spare.byteLength;
  return spare;
}

/** A column with room for so many numbers that begins as this one, which is spare from now on. */
export function enlargeColumn(column: Float64Array<ArrayBuffer>, capacity: number): Float64Array<ArrayBuffer> {
  const larger = takeColumn(capacity);
  larger.set(column);
  giveColumn(column);
  return larger;
}

/**
 * The first numbers of a column as what is handed over: cut off in place where little is wasted or where they are only `lent`, copied where much is.
 * Each column keeps a buffer of its own, to be transferred.
 */
export function trimColumn(column: Float64Array<ArrayBuffer>, count: number, lent: boolean): Float64Array<ArrayBuffer> {
  if (lent || count > column.length * 0.9) return column.subarray(0, count);
  const copy = column.slice(0, count);
  giveColumn(column);
  return copy;
}

/** Lent rows that are handed over after all: they get memory of their own where much of theirs is empty. */
export function keptRows(batches: readonly ScalarBatch[]): readonly ScalarBatch[] {
  return batches.map((batch) => ({
    ...batch,
    steps: ownColumn(batch.steps),
    wallTimes: ownColumn(batch.wallTimes),
    values: ownColumn(batch.values),
  }));
}

function ownColumn(column: Float64Array): Float64Array {
  return column.byteLength < column.buffer.byteLength * 0.9 && column.byteOffset === 0 ? column.slice() : column;
}

/** Rows that nobody looks at any more. Several columns may lie in one buffer. */
export function giveRows(batches: readonly ScalarBatch[]): void {
  const buffers = new Set<ArrayBufferLike>();
  for (const { steps, wallTimes, values } of batches)
    for (const column of [steps, wallTimes, values]) buffers.add(column.buffer);
  for (const buffer of buffers)
    if (buffer instanceof ArrayBuffer && buffer.byteLength % 8 === 0) giveColumn(new Float64Array(buffer));
}

/** Memory of at least so many bytes, with anything in it. Who gives it back with `givePiece` does not look at it any more. */
export function takePiece(bytes: number): ArrayBuffer {
  const at = sparePieces.findIndex(({ byteLength }) => byteLength >= bytes);
  return at < 0 ? new ArrayBuffer(bytes) : sparePieces.splice(at, 1)[0]!;
}

export function givePiece(piece: ArrayBuffer): void {
  // What a huge record needed once is not kept.
  if (piece.byteLength > largestPiece) return;
  sparePieces.push(piece);
  sparePieces.sort((a, b) => a.byteLength - b.byteLength);
  // Larger ones serve more.
  if (sparePieces.length > mostPieces) sparePieces.shift();
}

function giveColumn(column: Float64Array<ArrayBuffer>): void {
  if (column.length === 0 || columnBytes + column.byteLength > mostColumnBytes) return;
  columnBytes += column.byteLength;
  spareColumns.push(column);
}
