import type { SeriesInfo } from '../domain/run.ts';
import type { Sketch } from './sketch.ts';

/** A tag of a run as the database knows it. */
export interface SeriesRow {
  readonly info: SeriesInfo;
  readonly sketch: Sketch;
}
