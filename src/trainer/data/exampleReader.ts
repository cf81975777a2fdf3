import type { Disposable } from '../../base/disposables.ts';
import type { TensorData } from '../engine/session.ts';

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
