/**
 * The CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected) of bytes, as an unsigned 32-bit number. `seed` continues the CRC of the
 * bytes before.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, seed = 0): number {
  return crc32cOfView(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), start, end, seed);
}

/**
 * The same of a view, for those who have one: they check many short pieces. Eight bytes at a time by eight tables (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for
 * High-Performance CRC Generation", IEEE Transactions on Computers 57(11), 2008). Sixteen
 * tables are slower here: records are short, and the function is then too long to be inlined.
 */
export function crc32cOfView(view: DataView, start: number, end: number, seed = 0): number {
  let crc = ~seed;
  let at = start;
  for (const last = end - 7; at < last; at += 8) {
    const first = crc ^ view.getInt32(at, true);
    const second = view.getInt32(at + 4, true);
    crc =
      table7[first & 255]! ^
      table6[(first >>> 8) & 255]! ^
      table5[(first >>> 16) & 255]! ^
      table4[first >>> 24]! ^
      table3[second & 255]! ^
      table2[(second >>> 8) & 255]! ^
      table1[(second >>> 16) & 255]! ^
      table0[second >>> 24]!;
  }
  for (const last = end - 3; at < last; at += 4) {
    const word = crc ^ view.getInt32(at, true);
    crc = table3[word & 255]! ^ table2[(word >>> 8) & 255]! ^ table1[(word >>> 16) & 255]! ^ table0[word >>> 24]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ table0[(crc ^ view.getUint8(at)) & 255]!;
  return ~crc >>> 0;
}

/** The masked form in which TFRecord files hold a CRC (tensorflow/core/lib/hash/crc32c.h: rotated by 15 bits, plus a constant). */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function firstTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}

/** The table for a byte that has one more byte behind it. */
function nextTable(previous: Int32Array): Int32Array {
  return previous.map((crc) => (crc >>> 8) ^ table0[crc & 255]!);
}

const table0 = firstTable();
const table1 = nextTable(table0);
const table2 = nextTable(table1);
const table3 = nextTable(table2);
const table4 = nextTable(table3);
const table5 = nextTable(table4);
const table6 = nextTable(table5);
const table7 = nextTable(table6);
