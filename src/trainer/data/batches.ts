import { ExampleOrder } from './exampleOrder.ts';
import type { LabelledImages } from './labelledImages.ts';

/** Examples for several steps, as the fused step takes them. */
export interface StepBatches {
  /** uint8 [steps, batch, height, width, channels]. */
  readonly images: Uint8Array;
  /** int64 [steps, batch]. */
  readonly labels: BigInt64Array;
}

/** Gives a run its examples in their order. */
export class BatchLoader {
  readonly #set: LabelledImages;
  readonly #order: ExampleOrder;

  constructor(set: LabelledImages, seed: number) {
    this.#set = set;
    this.#order = new ExampleOrder(set.examples, seed);
  }

  /** The examples of the next `count` places after `position` examples were seen. */
  take(position: number, count: number): StepBatches {
    return gather(this.#set, this.#order.take(position, count));
  }
}

/** Copies of the named examples. Indices past the end are taken from the start again, to fill up a last batch. */
export function gather(set: LabelledImages, indices: ArrayLike<number>): StepBatches {
  const size = set.height * set.width * set.channels;
  const images = new Uint8Array(indices.length * size);
  const labels = new BigInt64Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]! % set.examples;
    images.set(set.images.subarray(index * size, (index + 1) * size), i * size);
    labels[i] = BigInt(set.labels[index]!);
  }
  return { images, labels };
}
