import type { DataSet, ExampleArrays } from './dataSet.ts';
import { ExampleOrder } from './exampleOrder.ts';

/** Gives a run its examples in their order. */
export class BatchLoader {
  readonly #set: DataSet;
  readonly #order: ExampleOrder;

  constructor(set: DataSet, seed: number) {
    this.#set = set;
    this.#order = new ExampleOrder(set.facts.examples, seed);
  }

  /** The examples of the next `count` places after `position` examples were seen. */
  take(position: number, count: number): ExampleArrays {
    return this.#set.gather(this.#order.take(position, count));
  }
}
