import type { SeriesTile, TileSeries } from '../../src/protocol/series.ts';
import { bucketFields as F } from './tile.ts';

const coarser = new WeakMap<SeriesTile, Map<number, SeriesTile>>();

/** How many buckets of a tile may be merged, at most: beyond this there is nothing to win. */
const LARGEST_FACTOR = 16;

/**
 * The tile with every `factor` neighbouring buckets merged into one, extremes kept. Made once per tile: a moving chart draws columns of several
 * pixels, and need not look at every bucket in every frame.
 */
export function coarsen(tile: SeriesTile, factor: number): SeriesTile {
  if (factor <= 1) return tile;
  const made = coarser.get(tile) ?? new Map<number, SeriesTile>();
  coarser.set(tile, made);
  const kept = made.get(factor);
  if (kept !== undefined) return kept;
  const fresh = merge(tile, factor);
  made.set(factor, fresh);
  return fresh;
}

/** The power of two that leaves at least one bucket in every drawn column. */
export function mergeFactor(bucketsPerColumn: number): number {
  if (!(bucketsPerColumn >= 2)) return 1;
  return Math.min(LARGEST_FACTOR, 2 ** Math.floor(Math.log2(bucketsPerColumn)));
}

function merge(tile: SeriesTile, factor: number): SeriesTile {
  const { stride } = tile;
  const data = new Float64Array(
    tile.series.reduce((sum, { buckets }) => sum + Math.ceil(buckets / factor), 0) * stride,
  );
  let to = 0;
  const series = tile.series.map((from): TileSeries => {
    const offset = to;
    for (let bucket = 0; bucket < from.buckets; bucket++) {
      const at = from.offset + bucket * stride;
      if (bucket % factor === 0) {
        for (let field = 0; field < stride; field++) data[to + field] = tile.data[at + field]!;
        to += stride;
      } else mergeInto(data, to - stride, tile.data, at, stride);
    }
    return { ...from, offset, buckets: (to - offset) / stride };
  });
  return { stride, data, series };
}

function mergeInto(data: Float64Array, to: number, from: Float64Array, at: number, stride: number): void {
  data[to + F.xLast] = from[at + F.xLast]!;
  data[to + F.last] = from[at + F.last]!;
  extend(data, to + F.min, to + F.max, from[at + F.min]!, from[at + F.max]!);
  if (stride !== 9) return;
  extend(data, to + F.smoothMin, to + F.smoothMax, from[at + F.smoothMin]!, from[at + F.smoothMax]!);
  data[to + F.smoothLast] = from[at + F.smoothLast]!;
}

/** A bucket without finite values has NaN for both; any other is better. */
function extend(data: Float64Array, minAt: number, maxAt: number, min: number, max: number): void {
  if (!(data[minAt]! <= min)) data[minAt] = Number.isNaN(min) ? data[minAt]! : min;
  if (!(data[maxAt]! >= max)) data[maxAt] = Number.isNaN(max) ? data[maxAt]! : max;
}
