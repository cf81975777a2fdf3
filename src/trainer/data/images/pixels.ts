/** Grey values or red, green and blue of one image, 0 to 255: [height, width, channels]. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly values: Uint8Array;
}

/** Endings of the names of images that can be read. What a file is, its first bytes tell. */
export const imageEndings = ['.png', '.jpg', '.jpeg'] as const;

/** "28×28 with grey values" */
export function describePixels({ width, height, channels }: Omit<Pixels, 'values'>): string {
  return `${width}×${height} with ${channels === 1 ? 'grey values' : 'colours'}`;
}
