import type { SeriesTile, TileSeries } from '../../src/protocol/series.ts';
import { bucketFields, firstBucket } from './tile.ts';

/** What the legend says about one run at the cursor: an exact logged point, and the range of all points that share its pixel. */
export interface CursorReading {
  readonly x: number;
  /** NaN where the logged value is no finite number. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** Value of the smoothed curve there; absent without smoothing. */
  readonly smoothed?: number;
}

const F = bucketFields;

/** The logged point nearest to x among those that the tile knows exactly (first and last of each bucket); undefined for an empty series. */
export function readingAt(tile: SeriesTile, series: TileSeries, x: number): CursorReading | undefined {
  if (series.buckets === 0) return undefined;
  const after = firstBucket(tile, series, x, F.xLast);
  let best: { distance: number; bucket: number; last: boolean } | undefined;
  for (const bucket of [after - 1, after, after + 1]) {
    if (bucket < 0 || bucket >= series.buckets) continue;
    const at = series.offset + bucket * tile.stride;
    for (const last of [false, true]) {
      const distance = Math.abs(tile.data[at + (last ? F.xLast : F.xFirst)]! - x);
      if (best === undefined || distance < best.distance) best = { distance, bucket, last };
    }
  }
  return best === undefined ? undefined : reading(tile, series.offset + best.bucket * tile.stride, best.last);
}

/** The next exact x to the right (direction 1) or left (−1) of x; undefined at the end. Moves a keyboard's cursor. */
export function nextX(tile: SeriesTile, series: TileSeries, x: number, direction: 1 | -1): number | undefined {
  const { data, stride } = tile;
  if (direction === 1) {
    for (let i = firstBucket(tile, series, x, F.xLast); i < series.buckets; i++) {
      const at = series.offset + i * stride;
      if (data[at + F.xFirst]! > x) return data[at + F.xFirst]!;
      if (data[at + F.xLast]! > x) return data[at + F.xLast]!;
    }
    return undefined;
  }
  for (let i = Math.min(series.buckets - 1, firstBucket(tile, series, x)); i >= 0; i--) {
    const at = series.offset + i * stride;
    if (data[at + F.xLast]! < x) return data[at + F.xLast]!;
    if (data[at + F.xFirst]! < x) return data[at + F.xFirst]!;
  }
  return undefined;
}

function reading(tile: SeriesTile, at: number, last: boolean): CursorReading {
  const { data, stride } = tile;
  const found = {
    x: data[at + (last ? F.xLast : F.xFirst)]!,
    value: data[at + (last ? F.last : F.first)]!,
    min: data[at + F.min]!,
    max: data[at + F.max]!,
  };
  return stride === 9 ? { ...found, smoothed: data[at + F.smoothLast]! } : found;
}
