import type { SeriesTile, TileSeries } from '../../src/protocol/series.ts';
import type { Range } from './range.ts';

/** Places of the numbers of a bucket, see `SeriesTile`. */
export const bucketFields = {
  xFirst: 0,
  xLast: 1,
  first: 2,
  min: 3,
  max: 4,
  last: 5,
  smoothMin: 6,
  smoothMax: 7,
  smoothLast: 8,
} as const;

const { xFirst: X_FIRST, xLast: X_LAST, first: FIRST, min: MIN, max: MAX, last: LAST } = bucketFields;

/** An exact point of a series. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The bucket ranges that a window needs: from the last bucket that begins before it to the first one that begins after it. */
export function bucketsAround(tile: SeriesTile, series: TileSeries, window: Range): { start: number; end: number } {
  const start = firstBucket(tile, series, window.min, X_LAST);
  const end = firstBucket(tile, series, window.max, X_FIRST);
  return { start: Math.max(0, start - 1), end: Math.min(series.buckets, end + 1) };
}

/** Index of the first bucket whose field is not below x; the number of buckets where there is none. */
export function firstBucket(tile: SeriesTile, series: TileSeries, x: number, field: number = X_FIRST): number {
  let low = 0;
  let high = series.buckets;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tile.data[series.offset + middle * tile.stride + field]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last exact point of the tile that lies left of x, or the first one right of it: they carry a line beyond a finer tile's edges. */
export function neighbour(tile: SeriesTile, series: TileSeries, x: number, side: 'left' | 'right'): Point | undefined {
  const at = firstBucket(tile, series, x, side === 'left' ? X_FIRST : X_LAST);
  if (side === 'left') {
    if (at === 0) return undefined;
    const place = series.offset + (at - 1) * tile.stride;
    const isWhole = tile.data[place + X_LAST]! < x;
    return pointAt(tile, place, isWhole ? X_LAST : X_FIRST, isWhole ? LAST : FIRST);
  }
  for (let i = at; i < series.buckets; i++) {
    const place = series.offset + i * tile.stride;
    if (tile.data[place + X_FIRST]! > x) return pointAt(tile, place, X_FIRST, FIRST);
    if (tile.data[place + X_LAST]! > x) return pointAt(tile, place, X_LAST, LAST);
  }
  return undefined;
}

/** Range of the finite values that the window shows, of the smoothed curve too; undefined where there is none. */
export function valueRange(
  tile: SeriesTile,
  series: TileSeries,
  window: Range,
  positiveOnly: boolean,
): Range | undefined {
  const { data, stride } = tile;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const start = firstBucket(tile, series, window.min, X_LAST);
  for (let i = start; i < series.buckets; i++) {
    const at = series.offset + i * stride;
    if (data[at + X_FIRST]! > window.max) break;
    const low = data[at + MIN]!;
    const high = data[at + MAX]!;
    if (low < min && (!positiveOnly || low > 0)) min = low;
    if (high > max) max = high;
    // On a log axis a bucket may reach below zero; its upper end still tells how small positive values get.
    if (positiveOnly && low <= 0 && high > 0 && high < min) min = high;
  }
  return min <= max ? { min, max } : undefined;
}

/**
 * How many of the logged points the window's buckets show: a bucket of several points shows its first, least, greatest and last one.
 * A lower bound where values repeat.
 */
export function shownPoints(tile: SeriesTile, series: TileSeries, window: Range): number {
  const { data, stride } = tile;
  let count = 0;
  for (let i = firstBucket(tile, series, window.min, X_LAST); i < series.buckets; i++) {
    const at = series.offset + i * stride;
    if (data[at + X_FIRST]! > window.max) break;
    count += distinct(
      data[at + FIRST]!,
      data[at + MIN]!,
      data[at + MAX]!,
      data[at + LAST]!,
      data[at] !== data[at + X_LAST],
    );
  }
  return count;
}

function distinct(first: number, min: number, max: number, last: number, several: boolean): number {
  if (Number.isNaN(min)) return 0;
  if (!several) return min === max ? 1 : 2;
  let count = 2;
  if (min !== first && min !== last) count += 1;
  if (max !== first && max !== last && max !== min) count += 1;
  return count;
}

function pointAt(tile: SeriesTile, place: number, xField: number, yField: number): Point | undefined {
  const y = tile.data[place + yField]!;
  return Number.isFinite(y) ? { x: tile.data[place + xField]!, y } : undefined;
}
