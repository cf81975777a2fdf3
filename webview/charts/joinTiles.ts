import type { SeriesTile, TileSeries } from '../../src/protocol/series.ts';
import type { Range } from './range.ts';

/**
 * The windows to ask for one after the other on a logarithmic axis. Buckets are equally wide in x, so one tile over many decades would have
 * all of the first decades in its first bucket; a tile per decade keeps every decade as fine as its share of the pixels.
 */
export function logWindows(window: Range, buckets: number): { window: Range; buckets: number }[] {
  const decades = Math.log10(window.max / window.min);
  const parts = Math.max(1, Math.min(12, Math.ceil(decades)));
  const ratio = (window.max / window.min) ** (1 / parts);
  // Within a decade pixels are narrower in x at its left end by the factor ln(10) / 9 · 10; three times as many buckets are fine enough there.
  const each = Math.max(16, Math.min(4096, Math.ceil((3 * buckets) / parts)));
  return Array.from({ length: parts }, (_, i) => ({
    window: { min: window.min * ratio ** i, max: i === parts - 1 ? window.max : window.min * ratio ** (i + 1) },
    buckets: each,
  }));
}

/** One tile from several that follow each other in x and hold the same series in the same order. */
export function joinTiles(tiles: readonly SeriesTile[]): SeriesTile {
  const first = tiles[0];
  if (first === undefined) throw new Error('There is no tile to join.');
  if (tiles.length === 1) return first;
  const data = new Float64Array(tiles.reduce((sum, tile) => sum + tile.data.length, 0));
  let at = 0;
  const series = first.series.map((head, index): TileSeries => {
    const offset = at;
    let buckets = 0;
    let inWindow = 0;
    for (const tile of tiles) {
      const part = tile.series[index]!;
      data.set(tile.data.subarray(part.offset, part.offset + part.buckets * tile.stride), at);
      at += part.buckets * tile.stride;
      buckets += part.buckets;
      inWindow += part.inWindow;
    }
    return { ...head, offset, buckets, inWindow };
  });
  return { stride: first.stride, data, series };
}
