import type { SeriesTile, TileSeries } from '../../src/protocol/series.ts';
import { coarsen } from './coarsen.ts';
import type { PlotLine } from './plot.ts';
import type { Range } from './range.ts';
import { neighbour } from './tile.ts';

/** A tile with what it covers and how finely. */
export interface HeldTile {
  readonly tile: SeriesTile;
  /** Undefined: everything. */
  readonly window: Range | undefined;
  /** Width of a bucket on the axis as drawn (in decades on a log axis); infinite for an overview, which is the last resort. */
  readonly fineness: number;
  readonly byRun: ReadonlyMap<string, TileSeries>;
}

const FINE_TILES = 6;

/**
 * What one chart knows of its series: an overview of everything, and a few finer tiles, latest first. Drawing takes the finest tile that covers
 * the window, so that there is always something to draw while a better one is asked for.
 */
export class TileCache {
  #overview: HeldTile | undefined;
  #fine: HeldTile[] = [];

  get overview(): HeldTile | undefined {
    return this.#overview;
  }

  putOverview(tile: SeriesTile): void {
    this.#overview = { tile, window: undefined, fineness: Number.POSITIVE_INFINITY, byRun: byRun(tile) };
  }

  /** Keeps a fine tile; older ones inside it or with the same window are of no more use. */
  putFine(tile: SeriesTile, window: Range, fineness: number): void {
    const held = { tile, window, fineness, byRun: byRun(tile) };
    const others = this.#fine.filter((other) => other.fineness < fineness * 0.99 && !covers(window, other.window));
    const coarser = this.#fine.filter((other) => other.fineness >= fineness * 0.99 && !covers(window, other.window));
    this.#fine = [held, ...others, ...coarser].slice(0, FINE_TILES);
  }

  dropFine(): void {
    this.#fine = [];
  }

  clear(): void {
    this.#overview = undefined;
    this.#fine = [];
  }

  /** The finest tile that covers the window; the overview where there is none. */
  best(window: Range | undefined): HeldTile | undefined {
    if (window === undefined) return this.#overview;
    let best = this.#overview;
    for (const held of this.#fine) {
      if (covers(held.window, window) && (best === undefined || held.fineness < best.fineness)) best = held;
    }
    return best;
  }

  /** The run's line in that tile with neighbours from the overview, or its line in the overview; undefined for a run that neither knows. */
  line(held: HeldTile, runId: string): PlotLine | undefined {
    const overview = this.#overview;
    const whole = overview?.byRun.get(runId);
    const series = held.byRun.get(runId);
    if (series === undefined) return overview && whole && { tile: overview.tile, series: whole };
    if (held.window === undefined || overview === undefined || whole === undefined) return { tile: held.tile, series };
    return {
      tile: held.tile,
      series,
      left: neighbour(overview.tile, whole, held.window.min, 'left'),
      right: neighbour(overview.tile, whole, held.window.max, 'right'),
    };
  }
}

/** Whether the overview holds every single point, so that no finer tile exists. */
export function isComplete(held: HeldTile): boolean {
  return held.tile.series.every((series) => series.buckets === series.total);
}

/**
 * The tile to ask for a window: three windows wide, so that panning finds it there already, or narrower where many series share the budget.
 * @param pixels width of the chart in CSS pixels times the device's pixel ratio
 */
export function tileRequest(
  window: Range,
  limits: Range,
  pixels: number,
  seriesCount: number,
): { window: Range; buckets: number } {
  const budget = bucketBudget(seriesCount);
  const factor = Math.max(1, Math.min(3, budget / pixels));
  const width = window.max - window.min;
  const room = (width * (factor - 1)) / 2;
  const wide = { min: Math.max(limits.min, window.min - room), max: Math.min(limits.max, window.max + room) };
  const wanted = Math.ceil((pixels * (wide.max - wide.min)) / width);
  return { window: wide, buckets: Math.max(16, Math.min(budget, wanted)) };
}

/** Buckets of an overview on that many pixels. */
export function overviewBuckets(pixels: number, seriesCount: number): number {
  return Math.max(16, Math.min(bucketBudget(seriesCount), Math.ceil(pixels)));
}

/** Buckets that one series may have: the protocol allows 4096, and 300 000 in one answer are 14 MB already. */
function bucketBudget(seriesCount: number): number {
  return Math.min(4096, Math.max(64, Math.floor(300_000 / Math.max(1, seriesCount))));
}

/** The same tile with neighbouring buckets merged, for moving charts. */
export function coarseHeld(held: HeldTile, factor: number): HeldTile {
  if (factor <= 1) return held;
  const tile = coarsen(held.tile, factor);
  return { ...held, tile, byRun: byRun(tile) };
}

function byRun(tile: SeriesTile): Map<string, TileSeries> {
  return new Map(tile.series.map((series) => [series.runId as string, series]));
}

function covers(outer: Range | undefined, inner: Range | undefined): boolean {
  if (outer === undefined) return true;
  if (inner === undefined) return false;
  const slack = (inner.max - inner.min) * 1e-9;
  return outer.min <= inner.min + slack && outer.max >= inner.max - slack;
}
