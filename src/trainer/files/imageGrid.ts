import { encode } from 'fast-png';

/** Several images of one size: [count, height, width, channels], 0 to 255. */
export interface ImageList {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly images: Uint8Array;
}

export interface PngPicture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Pixels between two images and around them. */
const gap = 2;
const gapValue = 40;

/** One PNG that shows the first `shown` images in rows of `columns`. */
export function imageGrid(list: ImageList, shown: number, columns: number): PngPicture {
  const count = Math.min(shown, list.count);
  const across = Math.min(columns, count);
  const rows = Math.ceil(count / across);
  const { channels } = list;
  const width = across * (list.width + gap) + gap;
  const height = rows * (list.height + gap) + gap;
  const pixels = new Uint8Array(width * height * channels).fill(gapValue);
  for (let i = 0; i < count; i++) {
    const left = gap + (i % across) * (list.width + gap);
    const top = gap + Math.floor(i / across) * (list.height + gap);
    copyImage(list, i, pixels, (top * width + left) * channels, width * channels);
  }
  return { bytes: encode({ width, height, data: pixels, depth: 8, channels }), width, height, channels };
}

/** Copies image `index` row by row to where its first pixel belongs. */
function copyImage(list: ImageList, index: number, target: Uint8Array, start: number, rowLength: number): void {
  const row = list.width * list.channels;
  for (let y = 0; y < list.height; y++) {
    const from = (index * list.height + y) * row;
    target.set(list.images.subarray(from, from + row), start + y * rowLength);
  }
}
