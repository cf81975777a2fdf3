import { badData } from '../files/badData.ts';

/** What the frame header of a JPEG file tells (ITU-T T.81, B.2.2). */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  /** Colours as they are stored: 1 is grey, 3 luminance and colour, 4 inks. */
  readonly components: number;
}

/** Finds the frame: markers are walked until a start of frame, C0 to CF without those of tables (T.81, table B.1). Throws AppError 'bad-data' for what cannot be decoded, by its name. */
export function readJpegFrame(bytes: Uint8Array): JpegFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 10 <= bytes.length) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1]!;
    if (isFrame(marker)) {
      checkKind(marker, bytes[at + 4]!);
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), components: bytes[at + 9]! };
    }
    // Fill bytes may stand before a marker.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  throw badData('The image has no frame: it is cut or damaged.');
}

const tableMarkers = [0xc4, 0xc8, 0xcc];

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !tableMarkers.includes(marker);
}

const baseline = 0xc0;
const extended = 0xc1;
const progressive = 0xc2;
const lossless = 0xc3;

function checkKind(marker: number, bits: number): void {
  const known = marker === baseline || marker === extended || marker === progressive;
  if (known && bits === 8) return;
  const kind = marker === lossless ? 'a lossless JPEG' : `a JPEG of a rare kind (frame ${marker.toString(16)})`;
  const what = known ? `a JPEG with ${bits} bits per colour` : kind;
  throw badData(`The image is ${what}; baseline and progressive ones with 8 bits can be read.`, { hint: saveAgain });
}

const saveAgain = 'Save it again as an ordinary JPEG or PNG.';
