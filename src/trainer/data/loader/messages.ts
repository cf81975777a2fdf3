import type { ErrorInfo } from '../../../base/errors.ts';
import type { ExampleArrays } from '../exampleReader.ts';
import type { ReaderPlan } from '../readerPlan.ts';

/** What a loader thread is started with. */
export interface LoaderStart {
  readonly plan: ReaderPlan;
}

/** Which examples to read; see `ExampleReader.gather`. */
export interface Selection {
  readonly indices: Uint32Array;
  /** Absent: examples come as they are. */
  readonly draws?: Uint32Array;
}

export interface LoaderQuestion extends Selection {
  readonly id: number;
}

/** Answers come in the order of the questions. The arrays' memory is handed over. */
export type LoaderAnswer =
  | { readonly id: number; readonly arrays: ExampleArrays }
  | { readonly id: number; readonly error: ErrorInfo };
