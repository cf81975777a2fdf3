import type { Disposable } from '../../base/disposables.ts';
import type { DataFacts, DataSetName } from '../../recipes/recipe.ts';
import type { TensorData } from '../engine/session.ts';
import type { ReaderPlan } from './readerPlan.ts';

/** Arrays of several examples by the names of `exampleTensors`, examples along the first axis, row-major. */
export type ExampleArrays = Readonly<Record<string, TensorData>>;

/** Reads examples by their numbers. It may hold files open. */
export interface ExampleReader extends Disposable {
  /**
   * Copies of the named examples. Indices past the end are taken from the start again, to fill up a last batch. `draws` has 32 random bits per
   * example, of which what varies examples takes its choices; without them they come as they are. Throws AppError 'bad-data'.
   */
  gather(indices: ArrayLike<number>, draws?: Uint32Array): ExampleArrays;
}

/** A data set that was opened. */
export interface DataSet extends ExampleReader {
  readonly name: DataSetName;
  readonly path: string;
  readonly facts: DataFacts;
  /** Hash of what the examples are made of, so that the same data in another packing have the same one. */
  readonly sha256: string;
  /** From which other threads make readers of the same examples. Absent where they lie in memory, so that gathering takes less time than handing over. */
  readonly plan?: ReaderPlan;
}
