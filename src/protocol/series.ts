import type { RunId } from '../domain/ids.ts';

/** What the x axis counts: the logger's step, wall time in seconds since 1970, or seconds since the run's first point. */
export type XAxis = 'step' | 'wall' | 'relative';

export interface SeriesRef {
  readonly runId: RunId;
  readonly tag: string;
}

/** A window of many series, reduced to buckets. */
export interface SeriesQuery {
  readonly series: readonly SeriesRef[];
  readonly x: XAxis;
  /** Window in units of the x axis; absent: everything. */
  readonly x0?: number;
  readonly x1?: number;
  /** How many buckets the window is cut into, at most 4096; usually one per pixel or less. */
  readonly buckets: number;
  /** TensorBoard's smoothing weight in [0, 1): debiased exponential moving average over the full data, in file order. 0: none. */
  readonly smoothing: number;
}

/**
 * The answer: one packed array for all series. A bucket that holds points gives `stride` numbers; empty buckets are left out.
 * Per bucket: x of its first point, x of its last point, first value, min, max, last value; with smoothing three more: min, max and last of the
 * smoothed curve. The extremes are those of all points in the bucket, so nothing that a pixel should show is missing.
 * Values that are NaN or infinite are counted but not drawn; a bucket with nothing else has NaN for min and max.
 */
export interface SeriesTile {
  readonly stride: 6 | 9;
  readonly data: Float64Array;
  readonly series: readonly TileSeries[];
}

export interface TileSeries extends SeriesRef {
  /** Index of the first number of this series in `data`, and how many buckets follow. */
  readonly offset: number;
  readonly buckets: number;
  /** Points in the window, and in all. */
  readonly inWindow: number;
  readonly total: number;
  readonly nonFinite: number;
  /** Range of the whole series on the chosen x axis and of its finite values; NaN where it is empty. */
  readonly xMin: number;
  readonly xMax: number;
  readonly yMin: number;
  readonly yMax: number;
  /** Wall time of the first point, to turn relative time into wall time. */
  readonly firstWallTime: number;
}

/** Exact points in file order. */
export interface SeriesPoints {
  readonly total: number;
  readonly from: number;
  readonly steps: Float64Array;
  readonly wallTimes: Float64Array;
  readonly values: Float64Array;
}
