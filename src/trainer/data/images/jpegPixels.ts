import { decode } from 'jpeg-js';
import { badData } from '../files/badData.ts';
import type { Pixels } from './pixels.ts';

/** Enough for any photograph; a header that promises more is refused before memory is taken for it. */
const limits = { maxResolutionInMP: 200, maxMemoryUsageInMB: 2048 } as const;

/** The pixels of a baseline or progressive JPEG file (ITU-T T.81). Grey ones have one channel. What says that it is turned or mirrored (EXIF) is not looked at. */
export function decodeJpeg(bytes: Uint8Array): Pixels {
  const components = countComponents(bytes);
  checkEnd(bytes);
  const image = decode(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, ...limits });
  const { width, height, data } = image;
  if (components !== 1) return { height, width, channels: 3, values: data };
  // The decoder writes a grey value three times.
  const values = Uint8Array.from({ length: width * height }, (_, i) => data[3 * i]!);
  return { height, width, channels: 1, values };
}

const endOfImage = [0xff, 0xd9] as const;
const longestTail = 4096;

/** The decoder fills what is missing with grey, which would be learnt from. Some cameras and programs write a little behind the end. */
function checkEnd(bytes: Uint8Array): void {
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(-longestTail);
  if (tail.lastIndexOf(Buffer.from(endOfImage)) === -1)
    throw badData('The image is cut: the mark of its end is missing.');
}

/** How many colours the frame has: markers are walked until a start of frame, C0 to CF without those of tables (T.81, table B.1). */
function countComponents(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 10 <= bytes.length) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return bytes[at + 9]!;
    // Fill bytes may stand before a marker.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  throw badData('The image has no frame: it is cut or damaged.');
}
