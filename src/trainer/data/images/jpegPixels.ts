import { badData } from '../files/badData.ts';
import { readJpegFrame } from './jpegFrame.ts';
import { decodeByTurbo, type TurboAnswer } from './jpegTurbo.ts';
import type { Pixels } from './pixels.ts';

/** Enough for any photograph; a header that promises more is refused before memory is taken for it. */
const mostPixels = 200e6;

/**
 * The pixels of a baseline or progressive JPEG file (ITU-T T.81), the same as Pillow's. Grey ones have one channel; inks (CMYK) are refused. What says that it is turned or
 * mirrored (EXIF) is not looked at, as in Pillow. Throws AppError 'bad-data'.
 */
export function decodeJpeg(bytes: Uint8Array): Pixels {
  const { width, height, components } = readJpegFrame(bytes);
  if (components !== 1 && components !== 3) {
    throw badData(
      `The image has ${components} components, inks (CMYK) most likely, which are no red, green and blue.`,
      {
        hint: 'Save it again with RGB colours.',
      },
    );
  }
  if (width === 0 || height === 0) throw badData('The image has no rows or no columns.');
  if (width * height > mostPixels) {
    throw badData(`The image is ${width}×${height}, more than ${mostPixels / 1e6} million pixels.`);
  }
  checkEnd(bytes);
  const channels = components;
  const answer = decodeByTurbo(bytes, { width, height, channels });
  if (answer.kind !== 'pixels') throw badData(complaints[answer.kind]);
  return { height, width, channels, values: answer.values };
}

/** Guesses in the place of what is missing would be learnt from. */
const complaints: { readonly [K in Exclude<TurboAnswer['kind'], 'pixels'>]: string } = {
  guessed: 'The image is damaged: parts of it could only be guessed.',
  refused: 'The image is damaged: it cannot be decoded.',
};

const endOfImage = [0xff, 0xd9] as const;
const longestTail = 4096;

/** Some cameras and programs write a little behind the end. */
function checkEnd(bytes: Uint8Array): void {
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(-longestTail);
  if (tail.lastIndexOf(Buffer.from(endOfImage)) === -1)
    throw badData('The image is cut: the mark of its end is missing.');
}
