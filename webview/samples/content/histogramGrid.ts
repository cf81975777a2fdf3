import type { HistogramContent } from '../../../src/domain/mediaContent.ts';
import type { Range } from '../../charts/range.ts';

/** A histogram at a step. */
export interface HistogramAt extends HistogramContent {
  readonly step: number;
}

/** Histograms with bins of all kinds brought onto the same rows, so that they can stand side by side. */
export interface HistogramGrid {
  /** Values that the rows cover, the lowest row first. */
  readonly window: Range;
  readonly rows: number;
  readonly steps: readonly number[];
  /** Per step the share of all values that falls into each row. */
  readonly columns: readonly Float64Array[];
  /** The largest share. */
  readonly peak: number;
}

/** Rows of a window of values. A bin that lies in several rows gives each its part, as if its values lay evenly. */
export function gridOf(histograms: readonly HistogramAt[], window: Range, rows: number): HistogramGrid {
  const columns = histograms.map((histogram) => sharesOf(histogram, window, rows));
  const peak = columns.reduce((most, column) => column.reduce((a, b) => Math.max(a, b), most), 0);
  return { window, rows, steps: histograms.map(({ step }) => step), columns, peak };
}

/** What part of a histogram's values lies in each row. Values outside of the window are in none. */
export function sharesOf({ edges, counts }: HistogramContent, { min, max }: Range, rows: number): Float64Array {
  const shares = new Float64Array(rows);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return shares;
  const rowOf = (value: number): number => ((value - min) / (max - min)) * rows;
  counts.forEach((count, i) => {
    if (count > 0) spread(shares, rowOf(edges[i]!), rowOf(edges[i + 1]!), count / total);
  });
  return shares;
}

function spread(shares: Float64Array, from: number, to: number, share: number): void {
  const rows = shares.length;
  if (to - from < 1e-9) {
    // A bin without width is one value; the upper edge of the window belongs to the last row.
    const row = from === rows ? rows - 1 : Math.floor(from);
    if (row >= 0 && row < rows) shares[row]! += share;
    return;
  }
  for (let row = Math.max(0, Math.floor(from)); row < Math.min(rows, to); row++) {
    const overlap = Math.min(to, row + 1) - Math.max(from, row);
    shares[row]! += (share * overlap) / (to - from);
  }
}

/** All values of all histograms, from the lowest bin with something in it to the highest. Undefined where nothing was counted. */
export function wholeRange(histograms: readonly HistogramContent[]): Range | undefined {
  return rangeBetween(histograms, 0);
}

/** The values between which, at every step, all but a share at each end lie: a few far values do not press the rest together. */
export function rangeBetween(histograms: readonly HistogramContent[], tail: number): Range | undefined {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const histogram of histograms) {
    const [low, high] = [quantile(histogram, tail), quantile(histogram, 1 - tail)];
    if (low === undefined || high === undefined) continue;
    min = Math.min(min, low);
    max = Math.max(max, high);
  }
  if (min > max) return undefined;
  const pad = min === max ? Math.abs(min) * 0.05 || 0.5 : 0;
  return { min: min - pad, max: max + pad };
}

/** The value below which that share of the counted values lies, evenly spread within its bin. Undefined where nothing was counted. */
export function quantile({ edges, counts }: HistogramContent, share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return undefined;
  let left = share * total;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count <= 0) continue;
    if (left <= count) return edges[i]! + (edges[i + 1]! - edges[i]!) * Math.max(0, left / count);
    left -= count;
  }
  return edges[counts.findLastIndex((count) => count > 0) + 1];
}

/** At most so many of a list, evenly spread, with the first, the last and one that must be there. */
export function evenly<T>(items: readonly T[], most: number, needed: T | undefined): T[] {
  if (items.length <= most) return [...items];
  const chosen = new Set(Array.from({ length: most }, (_, i) => Math.round((i * (items.length - 1)) / (most - 1))));
  const at = needed === undefined ? -1 : items.indexOf(needed);
  if (at >= 0) chosen.add(at);
  return [...chosen].sort((a, b) => a - b).map((index) => items[index]!);
}
