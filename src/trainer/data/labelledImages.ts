import type { DataFacts, DataSetName } from '../../recipes/recipe.ts';

/** Labelled images, resident in memory. */
export interface LabelledImages extends DataFacts {
  readonly name: DataSetName;
  readonly path: string;
  /** [examples, height, width, channels], row-major, 0 to 255. */
  readonly images: Uint8Array;
  /** [examples], 0 to classes − 1. */
  readonly labels: Uint8Array | Uint16Array;
  /** Hash of the shape, the images and the labels, so that the same data in another packing have the same one. */
  readonly sha256: string;
}
