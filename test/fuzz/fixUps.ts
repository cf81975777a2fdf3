import { crc32 } from 'node:zlib';
import { crc32c, maskCrc } from '../../src/base/crc32c.ts';

/**
 * Puts the checksums of a spoiled file right, in place, so that what stands behind them is reached. It follows the file's own lengths as far as they lie within it.
 */
export type FixUp = (bytes: Uint8Array) => void;

/** Records of event files: u64 length, masked CRC-32C of it, payload, masked CRC-32C. */
export function fixEventFile(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    view.setUint32(at + 4, 0, true);
    view.setUint32(at + 8, maskCrc(crc32c(bytes, at, at + 8)), true);
    const end = at + 12 + length;
    if (end + 4 > bytes.length) return;
    view.setUint32(end, maskCrc(crc32c(bytes, at + 12, end)), true);
    at = end + 4;
  }
}

const wandbBlock = 32_768;

/** Chunks of W&B's transaction logs: u32 CRC-32 over type and data, u16 length, u8 type, data; none crosses a block of 32 KiB. */
export function fixWandbLog(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  for (let at = 7; at + 7 <= bytes.length; ) {
    const left = wandbBlock - (at % wandbBlock);
    if (left < 7) {
      at += left;
      continue;
    }
    const length = view.getUint16(at + 4, true);
    const end = at + 7 + length;
    if (end > bytes.length || 7 + length > left) return;
    view.setUint32(at, crc32(bytes.subarray(at + 6, end)), true);
    at = end;
  }
}

/** SQLite's write-ahead log: running checksums over header and frames, big-endian words where the magic number is odd (https://sqlite.org/walformat.html). */
export function fixWriteAheadLog(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  if (bytes.length < 32 || view.getUint32(0) >>> 1 !== 0x377f0682 >>> 1) return;
  const isLittle = (view.getUint32(0) & 1) === 0;
  const pageSize = view.getUint32(8);
  if (pageSize < 512 || pageSize > 65_536) return;
  let sums = walSums(view, 0, 24, isLittle, [0, 0]);
  writeSums(view, 24, sums);
  for (let at = 32; at + 24 + pageSize <= bytes.length; at += 24 + pageSize) {
    // The salts of a frame are those of the header.
    bytes.copyWithin(at + 8, 16, 24);
    sums = walSums(view, at, 8, isLittle, sums);
    sums = walSums(view, at + 24, pageSize, isLittle, sums);
    writeSums(view, at + 16, sums);
  }
}

type Sums = readonly [number, number];

function walSums(view: DataView, from: number, length: number, isLittle: boolean, [first, second]: Sums): Sums {
  let [a, b] = [first, second];
  for (let at = from; at + 8 <= from + length; at += 8) {
    a = (a + view.getUint32(at, isLittle) + b) >>> 0;
    b = (b + view.getUint32(at + 4, isLittle) + a) >>> 0;
  }
  return [a, b];
}

function writeSums(view: DataView, at: number, [first, second]: Sums): void {
  view.setUint32(at, first);
  view.setUint32(at + 4, second);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
