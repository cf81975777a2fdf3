import type { DrawingView, SmoothedView } from './columns.ts';
import type { Extremes } from './pyramid.ts';

export interface Window {
  /** Both ends belong to the window; in units of the view's own x. */
  readonly x0: number;
  readonly x1: number;
  readonly buckets: number;
}

/** Room for the numbers of one answer, which grows. */
export class TileBuffer {
  #data = new Float64Array(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, in memory of its own. */
  finish(): Float64Array {
    return this.#data.slice(0, this.#length);
  }

  /** Index of the first of `count` new numbers. */
  reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#data.length) {
      const larger = new Float64Array(Math.max(this.#length, this.#data.length * 2));
      larger.set(this.#data.subarray(0, at));
      this.#data = larger;
    }
    return at;
  }

  get data(): Float64Array {
    return this.#data;
  }
}

/**
 * Cuts the window of a series into equal buckets and appends one record per bucket that holds points: x of the first and of the last point, first
 * value, smallest, largest, last value; with `smoothed` also smallest, largest and last of the smoothed curve. Non-finite values are passed over:
 * first and last are those of the finite points where the bucket has any, else its values are NaN. x is given less `shift`.
 * Returns how many buckets were written and how many points lie in the window.
 */
export function appendBuckets(
  buffer: TileBuffer,
  view: DrawingView,
  smoothed: SmoothedView | undefined,
  window: Window,
  shift: number,
): { readonly buckets: number; readonly inWindow: number } {
  const { x } = view;
  const start = lowerBound(x, window.x0, 0, x.length);
  const end = upperBound(x, window.x1, start, x.length);
  const inWindow = end - start;
  const width = (window.x1 - window.x0) / window.buckets;
  let guess = 1;
  const extremes: Extremes = { min: 0, max: 0 };
  let buckets = 0;
  for (let low = start; low < end; ) {
    const bucket = width > 0 ? bucketOf(x[low]!, window, width) : window.buckets - 1;
    const isLast = bucket >= window.buckets - 1;
    const edge = window.x0 + (bucket + 1) * width;
    const high = isLast ? end : Math.max(low + 1, gallop(x, edge, low, end, guess));
    guess = high - low;
    appendBucket(buffer, view, smoothed, low, high, shift, extremes);
    buckets++;
    low = high;
  }
  return { buckets, inWindow };
}

/** The bucket whose edges hold x; division and multiplication round differently, so the edge decides. */
function bucketOf(x: number, { x0, buckets }: Window, width: number): number {
  let bucket = Math.min(buckets - 1, Math.floor((x - x0) / width));
  if (bucket < buckets - 1 && x >= x0 + (bucket + 1) * width) bucket++;
  return bucket;
}

function appendBucket(
  buffer: TileBuffer,
  { x, values, pyramid }: DrawingView,
  smoothed: SmoothedView | undefined,
  low: number,
  high: number,
  shift: number,
  extremes: Extremes,
): void {
  let first = low;
  let last = high - 1;
  pyramid.query(values, low, high, extremes);
  const isEmpty = Number.isNaN(extremes.min);
  if (!isEmpty) {
    while (!Number.isFinite(values[first]!)) first++;
    while (!Number.isFinite(values[last]!)) last--;
  }
  const at = buffer.reserve(smoothed === undefined ? 6 : 9);
  const { data } = buffer;
  data[at] = x[first]! - shift;
  data[at + 1] = x[last]! - shift;
  data[at + 2] = isEmpty ? Number.NaN : values[first]!;
  data[at + 3] = extremes.min;
  data[at + 4] = extremes.max;
  data[at + 5] = isEmpty ? Number.NaN : values[last]!;
  if (smoothed === undefined) return;
  smoothed.pyramid.query(smoothed.values, low, high, extremes);
  data[at + 6] = extremes.min;
  data[at + 7] = extremes.max;
  data[at + 8] = isEmpty ? Number.NaN : smoothed.values[last]!;
}

/** As `lowerBound`, for an answer that is probably near `low + guess`: neighbouring buckets mostly hold about as many points. */
function gallop(x: Float64Array, edge: number, low: number, end: number, guess: number): number {
  let from = low;
  let to = Math.min(end, low + guess);
  for (let step = guess; to < end && x[to]! < edge; step *= 2) {
    from = to + 1;
    to = Math.min(end, to + step);
  }
  // Mostly the border is right behind the guess or right before it.
  for (let near = 0; near < 4 && to > from && x[to - 1]! >= edge; near++) to--;
  return to > from && x[to - 1]! < edge ? to : lowerBound(x, edge, from, to);
}

/** First index in [low, high) whose x is at least `edge`; `high` where there is none. */
function lowerBound(x: Float64Array, edge: number, low: number, high: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (x[middle]! < edge) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** First index in [low, high) whose x is beyond `edge`; `high` where there is none. */
function upperBound(x: Float64Array, edge: number, low: number, high: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (x[middle]! <= edge) from = middle + 1;
    else to = middle;
  }
  return from;
}
