import type { DataSet, ExampleArrays } from './dataSet.ts';
import { ExampleOrder, exampleDraws } from './exampleOrder.ts';

/** Gives a run its examples in their order. */
export class BatchLoader {
  readonly #set: DataSet;
  readonly #order: ExampleOrder;
  readonly #seed: number;

  constructor(set: DataSet, seed: number) {
    this.#set = set;
    this.#order = new ExampleOrder(set.facts.examples, seed);
    this.#seed = seed;
  }

  /** The examples of the next `count` places after `position` examples were seen. */
  async take(position: number, count: number): Promise<ExampleArrays> {
    const { examples } = this.#set.facts;
    return this.#set.gather(this.#order.take(position, count), exampleDraws(position, count, examples, this.#seed));
  }
}
