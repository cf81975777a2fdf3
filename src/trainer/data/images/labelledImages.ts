import type { DataSetName, ImageFacts } from '../../../recipes/recipe.ts';
import type { DataSet } from '../dataSet.ts';
import { contentHash } from './contentHash.ts';

/** Images and their classes, as they were read. */
export interface ImageContents {
  readonly name: DataSetName;
  readonly path: string;
  /** [examples, height, width, channels], row-major, 0 to 255. */
  readonly images: Uint8Array;
  /** [examples], 0 to classes − 1. */
  readonly labels: Uint8Array | Uint16Array;
  readonly shape: readonly [examples: number, height: number, width: number, channels: number];
  readonly classes: number;
  /** The shape as the files have it, which is part of the hash; `shape` where it is not given. */
  readonly fileShape?: readonly number[];
}

/** Labelled images, resident in memory. */
export class LabelledImages implements DataSet {
  readonly name: DataSetName;
  readonly path: string;
  readonly facts: ImageFacts;
  readonly images: Uint8Array;
  readonly labels: Uint8Array | Uint16Array;
  readonly sha256: string;

  constructor({ name, path, images, labels, shape, classes, fileShape = shape }: ImageContents) {
    const [examples, height, width, channels] = shape;
    this.name = name;
    this.path = path;
    this.facts = { kind: 'images', examples, height, width, channels, classes };
    this.images = images;
    this.labels = labels;
    this.sha256 = contentHash(fileShape, images, labels);
  }

  gather(indices: ArrayLike<number>): { readonly images: Uint8Array; readonly labels: BigInt64Array } {
    const { examples, height, width, channels } = this.facts;
    const size = height * width * channels;
    const images = new Uint8Array(indices.length * size);
    const labels = new BigInt64Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]! % examples;
      images.set(this.images.subarray(index * size, (index + 1) * size), i * size);
      labels[i] = BigInt(this.labels[index]!);
    }
    return { images, labels };
  }
  dispose(): void {}
}
