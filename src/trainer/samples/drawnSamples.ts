import type { Disposable } from '../../base/disposables.ts';
import type { AverageWeights } from '../engine/heldState.ts';
import type { EventContent } from '../events/eventRecord.ts';

/** One set of samples of a step. */
export interface DrawnSamples {
  /** What goes into the folder of samples. */
  readonly bytes: Uint8Array;
  /** How many are shown in it. */
  readonly shown: number;
  /** The same for the event file. */
  readonly event: EventContent;
  /** Figures of a judge that looked at them. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Draws the samples of a run, always from the same seed, so that those of different steps can be compared. */
export interface SampleDrawer extends Disposable {
  /** Samples of the averaged weights. `pause` is called between graph runs, so that signals are seen; it may throw. */
  draw(average: AverageWeights, pause: () => Promise<void>): Promise<DrawnSamples>;
}
