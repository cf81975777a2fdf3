import { AppError } from '../../../base/errors.ts';
import type { ExampleReader } from '../exampleReader.ts';
import { describePixels, type Pixels } from './pixels.ts';
import { readPixels } from './readPixels.ts';

/** Image files with the class of each. All have the size and the colours of the first one. */
export interface ImagePlan {
  readonly kind: 'images';
  readonly files: readonly string[];
  readonly labels: Uint16Array;
  readonly height: number;
  readonly width: number;
  readonly channels: Pixels['channels'];
}

/** Decodes files when they are asked for. */
export class ImageReader implements ExampleReader {
  readonly #plan: ImagePlan;

  constructor(plan: ImagePlan) {
    this.#plan = plan;
  }

  gather(indices: ArrayLike<number>): { readonly images: Uint8Array; readonly labels: BigInt64Array } {
    const { files, labels, height, width, channels } = this.#plan;
    const size = height * width * channels;
    const images = new Uint8Array(indices.length * size);
    const classes = new BigInt64Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]! % files.length;
      images.set(this.#decode(files[index]!), i * size);
      classes[i] = BigInt(labels[index]!);
    }
    return { images, labels: classes };
  }

  dispose(): void {}

  #decode(file: string): Uint8Array {
    const pixels = readPixels(file);
    if (describePixels(pixels) === describePixels(this.#plan)) return pixels.values;
    throw new AppError(
      'bad-data',
      `${file} is ${describePixels(pixels)}, but ${this.#plan.files[0]} is ${describePixels(this.#plan)}.`,
      { hint: 'All images of a data set must have one size and one number of colours. Convert them first.' },
    );
  }
}
