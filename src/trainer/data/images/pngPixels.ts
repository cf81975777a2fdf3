import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import { AppError } from '../../../base/errors.ts';
import type { Pixels } from './pixels.ts';
import { decodePlainPng, type PngSamples } from './plainPng.ts';

/** The pixels of a PNG file of any depth and colour type. A transparency that hides something is refused. */
export function decodePng(bytes: Buffer): Pixels {
  const { width, height, samples, channels } = decodePlainPng(bytes) ?? decodeAny(bytes);
  const colours = channels >= 3 ? 3 : 1;
  if (channels !== colours) refuseTransparency(samples, channels);
  const values = channels === colours ? samples : withoutLast(samples, channels, width * height);
  return { height, width, channels: colours, values };
}

function decodeAny(bytes: Uint8Array): PngSamples {
  const png = decode(bytes, { checkCrc: true });
  return { width: png.width, height: png.height, ...toSamples(png) };
}

/** Eight-bit samples and how many a pixel has: grey, grey and alpha, RGB or RGBA. */
function toSamples(png: DecodedPng): { samples: Uint8Array; channels: number } {
  if (png.palette !== undefined) {
    const samples = convertIndexedToRgb(png);
    return { samples, channels: samples.length / (png.width * png.height) };
  }
  if (png.depth === 16)
    return { samples: Uint8Array.from(png.data, (value) => Math.round(value / 257)), channels: png.channels };
  if (png.depth < 8) return { samples: unpackBits(png), channels: png.channels };
  return { samples: new Uint8Array(png.data.buffer, png.data.byteOffset, png.data.byteLength), channels: png.channels };
}

/** Grey values of 1, 2 or 4 bits; each row begins at a byte (PNG specification, section 7.2). */
function unpackBits({ data, depth, width, height }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  const samples = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const value = (data[y * rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & most;
      samples[y * width + x] = (value * 255) / most;
    }
  }
  return samples;
}

function refuseTransparency(samples: Uint8Array, channels: number): void {
  for (let i = channels - 1; i < samples.length; i += channels) {
    if (samples[i] !== 255)
      throw new AppError('bad-data', 'The image is partly transparent. Flatten it onto a background first.');
  }
}

function withoutLast(samples: Uint8Array, channels: number, pixels: number): Uint8Array {
  const kept = channels - 1;
  const values = new Uint8Array(pixels * kept);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < kept; c++) values[i * kept + c] = samples[i * channels + c]!;
  }
  return values;
}
