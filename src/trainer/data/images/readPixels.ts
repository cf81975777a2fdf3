import { readFileSync } from 'node:fs';
import { AppError } from '../../../base/errors.ts';
import { decodeJpeg } from './jpegPixels.ts';
import type { Pixels } from './pixels.ts';
import { decodePng } from './pngPixels.ts';

const jpegStart = [0xff, 0xd8, 0xff] as const;
const remedy = 'Remove it or make it again.';

/** The pixels of a PNG or JPEG file. Throws AppError 'bad-data' that names the file. */
export function readPixels(file: string): Pixels {
  const bytes = readFileSync(file);
  const isJpeg = jpegStart.every((byte, i) => bytes[i] === byte);
  try {
    return isJpeg ? decodeJpeg(bytes) : decodePng(bytes);
  } catch (error) {
    if (error instanceof AppError) {
      throw new AppError(error.code, `${file}: ${error.message}`, { hint: error.hint ?? remedy });
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError('bad-data', `${file} is no whole ${isJpeg ? 'JPEG' : 'PNG'} file: ${why}`, { hint: remedy });
  }
}
