export interface SequenceName {
  readonly file: string;
  /** A contig's name, or the file's path within the data set. */
  readonly name: string;
  /** In tokens. */
  readonly length: number;
}

/** Writes the `length` tokens from `start` on, and their weights, to place `at` of both arrays. All of them lie within the sequence. */
export type SequenceReader = (
  start: number,
  length: number,
  tokens: Int32Array,
  weights: Float32Array,
  at: number,
) => void;
