import { crc32, inflateSync } from 'node:zlib';
import { badData, spaced } from '../files/badData.ts';

/** Samples of a PNG file row after row, of eight bits each. */
export interface PngSamples {
  readonly width: number;
  readonly height: number;
  /** Samples of a pixel: grey; grey and alpha; red, green and blue; these and alpha. */
  readonly channels: number;
  readonly samples: Uint8Array;
}

/** Channels by colour type; type 3, which has a palette, is not among them. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };
const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
/** Larger images are not taken for training data but for damage or a trap. */
const mostSamples = 2 ** 30;

/**
 * Decodes the form that nearly all data sets have: eight bits, no palette, no interlacing. Unpacking and checksums are those of Node's own zlib, which makes it several times as fast as a decoder
 * in JavaScript. Undefined for other forms, and for what is no PNG file. PNG specification, third edition, sections 5, 7 and 9. Throws AppError 'bad-data' where the file is cut or damaged.
 */
export function decodePlainPng(bytes: Buffer): PngSamples | undefined {
  if (bytes.length < 33 || !signature.equals(bytes.subarray(0, 8))) return undefined;
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const channels = channelsOf[bytes[25]!];
  const isPlain = bytes[24] === 8 && bytes[28] === 0 && channels !== undefined;
  if (!isPlain || width === 0 || height === 0 || width * height * channels > mostSamples) return undefined;
  const { packed, hasTransparency } = imageData(bytes);
  // A colour may be named that is transparent; the other decoder knows of it.
  if (hasTransparency) return undefined;
  const row = width * channels;
  const filtered = inflateSync(packed, { maxOutputLength: (row + 1) * height });
  if (filtered.length < (row + 1) * height) {
    throw badData(
      `Its pixels are cut: ${spaced((row + 1) * height)} bytes expected, ${spaced(filtered.length)} found.`,
    );
  }
  return { width, height, channels, samples: unfilter(filtered, row, height, channels) };
}

/** The packed pixels of all IDAT chunks. The checksum of every chunk is compared. */
function imageData(bytes: Buffer): { readonly packed: Uint8Array; readonly hasTransparency: boolean } {
  const parts: Uint8Array[] = [];
  let hasTransparency = false;
  let at = 8;
  for (;;) {
    if (at + 12 > bytes.length) throw badData(`It is cut: a chunk should follow at byte ${spaced(at)}.`);
    const length = bytes.readUInt32BE(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length)
      throw badData(`It is cut: its chunk at byte ${spaced(at)} needs ${spaced(end + 4)} bytes.`);
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) {
      throw badData(`Its chunk at byte ${spaced(at)} is damaged: the checksum does not agree.`);
    }
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') parts.push(bytes.subarray(at + 8, end));
    if (type === 'tRNS') hasTransparency = true;
    if (type === 'IEND') return { packed: parts.length === 1 ? parts[0]! : Buffer.concat(parts), hasTransparency };
    at = end + 4;
  }
}

type Unfilter = (from: Uint8Array, start: number, to: Uint8Array, at: number, row: number, pixel: number) => void;

/** Each row begins with the number of its filter (section 9.2). What lies left of and above the image is 0. */
function unfilter(filtered: Uint8Array, row: number, height: number, pixel: number): Uint8Array {
  // A row of zeros above the first one spares the loops a question; it is left out in the end.
  const padded = new Uint8Array((height + 1) * row);
  for (let y = 0; y < height; y++) {
    const start = y * (row + 1);
    const undo = unfilters[filtered[start]!];
    if (undo === undefined) throw badData(`Row ${y + 1} has the filter ${filtered[start]}, which there is not.`);
    undo(filtered, start + 1, padded, (y + 1) * row, row, pixel);
  }
  return padded.subarray(row);
}

/** By number: none, left, up, mean of both, Paeth's. */
const unfilters: readonly Unfilter[] = [
  (from, start, to, at, row) => to.set(from.subarray(start, start + row), at),
  (from, start, to, at, row, pixel) => {
    for (let i = 0; i < pixel; i++) to[at + i] = from[start + i]!;
    for (let i = pixel; i < row; i++) to[at + i] = from[start + i]! + to[at + i - pixel]!;
  },
  (from, start, to, at, row) => {
    for (let i = 0; i < row; i++) to[at + i] = from[start + i]! + to[at + i - row]!;
  },
  (from, start, to, at, row, pixel) => {
    for (let i = 0; i < pixel; i++) to[at + i] = from[start + i]! + (to[at + i - row]! >> 1);
    for (let i = pixel; i < row; i++) to[at + i] = from[start + i]! + ((to[at + i - pixel]! + to[at + i - row]!) >> 1);
  },
  (from, start, to, at, row, pixel) => {
    for (let i = 0; i < pixel; i++) to[at + i] = from[start + i]! + to[at + i - row]!;
    for (let i = pixel; i < row; i++) {
      to[at + i] = from[start + i]! + paeth(to[at + i - pixel]!, to[at + i - row]!, to[at + i - row - pixel]!);
    }
  },
];

/** Whichever of the three is nearest to left + up − corner; of equals the first (section 9.4). */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
