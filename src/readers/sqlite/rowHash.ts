/**
 * A checksum of one row's bytes, which stand in a view from `start` to `end`, four at a time. Cursors keep checksums of rows, so it stays the same in every
 * version; it need not agree with anybody else's.
 */
export function hashRow(view: DataView, start: number, end: number): number {
  let hash = (end - start) | 0;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** The checksum of a list of rows, one row longer. The order matters. */
export function addRow(hash: number, row: number): number {
  return (Math.imul(hash, base) + row + 1) >>> 0;
}

/** The checksum of two lists, one behind the other; the second one has `count` rows. */
export function joinLists(first: number, second: number, count: number): number {
  let power = 1;
  let square = base;
  for (let rest = count; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = Math.imul(power, square);
    square = Math.imul(square, square);
  }
  return (Math.imul(first, power) + second) >>> 0;
}

const base = 0x2c1b3c6d;
