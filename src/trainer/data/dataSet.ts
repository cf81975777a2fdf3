import type { DataFacts, DataSetName } from '../../recipes/recipe.ts';
import type { ExampleReader } from './exampleReader.ts';
import type { ReaderPlan } from './readerPlan.ts';

export type { ExampleArrays, ExampleReader } from './exampleReader.ts';

/** A data set that was opened. */
export interface DataSet extends ExampleReader {
  readonly name: DataSetName;
  readonly path: string;
  readonly facts: DataFacts;
  /** Hash of what the examples are made of, so that the same data in another packing have the same one. */
  readonly sha256: string;
  /** From which other threads make readers of the same examples. Absent where they lie in memory, so that gathering takes less time than handing over. */
  readonly plan?: ReaderPlan;
  /** Examples differ from epoch to epoch, by the draws that are given to `gather`. */
  readonly isVaried?: boolean;
}
