import type { Disposable } from '../../base/disposables.ts';
import type { DataSet } from './dataSet.ts';
import { ExampleOrder, exampleDraws } from './exampleOrder.ts';
import type { ExampleArrays } from './exampleReader.ts';
import { type AheadOptions, AheadReader } from './loader/aheadReader.ts';

/** Gives a run its examples in their order, or an evaluation those of its set one after the other. What they are depends on seed and position alone, not on threads or on what was taken before. */
export class BatchLoader implements Disposable {
  readonly #order: ExampleOrder;
  readonly #reader: AheadReader;

  constructor(set: DataSet, seed: number, options: AheadOptions = { threads: 0 }) {
    const { examples } = set.facts;
    this.#order = new ExampleOrder(examples, seed);
    const select = (position: number, count: number) => ({
      indices: this.#order.take(position, count),
      draws: exampleDraws(position, count, examples, seed),
    });
    this.#reader = new AheadReader(set, select, options);
  }

  /** The examples of the next `count` places after `position` examples were seen. */
  take(position: number, count: number): Promise<ExampleArrays> {
    return this.#reader.take(position, count);
  }

  /** The numbers of the examples that `take` would give, for sets that lie on the device. */
  numbers(position: number, count: number): Uint32Array {
    return this.#order.take(position, count);
  }

  dispose(): void {
    this.#reader.dispose();
  }
}

/** All examples of a set in its own order, as they are. The last batch is filled up from the start. */
export function wholeSetReader(set: DataSet, batchSize: number, threads: number): AheadReader {
  const { examples } = set.facts;
  const select = (position: number, count: number) => ({
    indices: Uint32Array.from({ length: count }, (_, i) => (position + i) % examples),
  });
  return new AheadReader(set, select, { threads, end: Math.ceil(examples / batchSize) * batchSize });
}
