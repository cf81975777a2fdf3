import type { ScalarBatch } from '../../domain/records.ts';

/**
 * Memory that this thread has used and will use again: of runs that are read one after the other only to know their figures, each would otherwise
 * take and drop megabytes, and collecting those costs as much as reading.
 */
const mostColumnBytes = 3 << 20;
const mostPieceBytes = 6 << 20;
const largestPiece = 1 << 21;

let columnBytes = 0;
let pieceBytes = 0;
const spareBuffers: ArrayBuffer[] = [];
const sparePieces: ArrayBuffer[] = [];

/**
 * A column of so many numbers, with anything in it; its buffer may be larger. The columns of a tag grow together, so each has exactly the length
 * that was asked for.
 */
export function takeColumn(capacity: number): Float64Array<ArrayBuffer> {
  const spare = spareBuffers.at(-1);
  if (spare === undefined || spare.byteLength < 8 * capacity) return new Float64Array(capacity);
  spareBuffers.pop();
  columnBytes -= spare.byteLength;
  return new Float64Array(spare, 0, capacity);
}

/** A column with room for so many numbers that begins as this one, which is spare from now on. */
export function enlargeColumn(column: Float64Array<ArrayBuffer>, capacity: number): Float64Array<ArrayBuffer> {
  const larger = takeColumn(capacity);
  larger.set(column);
  giveBuffer(column.buffer);
  return larger;
}

/**
 * The first numbers of a column as what is handed over: cut off in place where little is wasted or where they are only `lent`, copied where much is.
 * Each column keeps a buffer of its own, to be transferred.
 */
export function trimColumn(column: Float64Array<ArrayBuffer>, count: number, lent: boolean): Float64Array<ArrayBuffer> {
  if (lent || 8 * count > column.buffer.byteLength * 0.9) return column.subarray(0, count);
  const copy = column.slice(0, count);
  giveBuffer(column.buffer);
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
  for (const buffer of buffers) if (buffer instanceof ArrayBuffer && buffer.byteLength % 8 === 0) giveBuffer(buffer);
}

/** Memory of at least so many bytes, with anything in it. Who gives it back with `givePiece` does not look at it any more. */
export function takePiece(bytes: number): ArrayBuffer {
  // The smallest that is large enough, if it is not so much larger that it is missed elsewhere.
  const at = sparePieces.findIndex(({ byteLength }) => byteLength >= bytes);
  if (at < 0 || sparePieces[at]!.byteLength > bytes * 4) return new ArrayBuffer(bytes);
  const [piece] = sparePieces.splice(at, 1);
  pieceBytes -= piece!.byteLength;
  return piece!;
}

export function givePiece(piece: ArrayBuffer): void {
  // What a huge record needed once is not kept.
  if (piece.byteLength > largestPiece || pieceBytes + piece.byteLength > mostPieceBytes) return;
  const at = sparePieces.findIndex(({ byteLength }) => byteLength >= piece.byteLength);
  sparePieces.splice(at < 0 ? sparePieces.length : at, 0, piece);
  pieceBytes += piece.byteLength;
}

/** Lets go of all that is kept for more work. */
export function dropSpares(): void {
  spareBuffers.length = 0;
  sparePieces.length = 0;
  columnBytes = 0;
}

function giveBuffer(buffer: ArrayBuffer): void {
  if (buffer.byteLength === 0 || columnBytes + buffer.byteLength > mostColumnBytes) return;
  columnBytes += buffer.byteLength;
  spareBuffers.push(buffer);
}
