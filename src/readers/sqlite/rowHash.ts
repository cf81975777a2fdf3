/** A checksum of one row's bytes, four at a time. It need not agree with anybody else's: it is only compared with itself. */
export function hashRow(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = length | 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
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
