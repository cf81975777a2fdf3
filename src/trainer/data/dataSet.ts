import type { DataFacts, DataSetName } from '../../recipes/recipe.ts';
import type { TensorData } from '../engine/session.ts';

/** Arrays of several examples by the names of `exampleTensors`, examples along the first axis, row-major. */
export type ExampleArrays = Readonly<Record<string, TensorData>>;

/** A data set that was opened. */
export interface DataSet {
  readonly name: DataSetName;
  readonly path: string;
  readonly facts: DataFacts;
  /** Hash of what the examples are made of, so that the same data in another packing have the same one. */
  readonly sha256: string;
  /** Copies of the named examples. Indices past the end are taken from the start again, to fill up a last batch. */
  gather(indices: ArrayLike<number>): ExampleArrays;
}
