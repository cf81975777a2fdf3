import type { Disposable } from '../../src/base/disposables.ts';
import { toErrorInfo } from '../../src/base/errors.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { SeriesQuery, SeriesTile, XAxis } from '../../src/protocol/series.ts';
import { joinTiles, logWindows } from './joinTiles.ts';
import { type Range, unite } from './range.ts';
import { isComplete, overviewBuckets, TileCache, tileRequest } from './tileCache.ts';

/** What a chart shows. Changing any of it asks anew; the old tiles stay in sight until the answer is there. */
export interface DataRequest {
  readonly tag: string;
  readonly runIds: readonly RunId[];
  readonly axis: XAxis;
  readonly logX: boolean;
  readonly smoothing: number;
  /** Width of the plot in device pixels. */
  readonly pixels: number;
}

export type DataState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | undefined };

export type TileQuery = (query: SeriesQuery, signal: AbortSignal) => Promise<SeriesTile>;

/** While a run logs, a chart asks at most this often, and never keeps the worker more than a third of the time busy. */
const LIVE_INTERVAL_MS = 150;
const RETRY_MS = 2000;
/** While a chart moves its tiles need not be finer than it is drawn; small answers come sooner and keep the page's thread free. */
const MOVING_BUCKETS = 60_000;
const LEAST_MOVING_BUCKETS = 100;

/**
 * The data of one chart: asks for an overview and for finer tiles of the window, one question at a time, and tells when something new can be
 * drawn. Questions that nobody waits for any more are cancelled.
 */
export class ChartData implements Disposable {
  readonly cache = new TileCache();
  readonly #query: TileQuery;
  readonly #changed: () => void;
  #request: DataRequest | undefined;
  #window: Range | undefined;
  #moving = false;
  #state: DataState = { kind: 'loading' };
  #overviewIsStale = true;
  #fineIsStale = false;
  #running: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBefore = 0;
  #ended = false;

  constructor(query: TileQuery, changed: () => void) {
    this.#query = query;
    this.#changed = changed;
  }

  get state(): DataState {
    return this.#state;
  }

  /** Range of all series on the x axis; on a log axis its positive part. Undefined before the first answer, or when there is no point. */
  get extent(): Range | undefined {
    let all: Range | undefined;
    for (const series of this.cache.overview?.tile.series ?? []) {
      if (series.total > 0) all = unite(all, { min: series.xMin, max: series.xMax });
    }
    return all && this.#request?.logX ? positivePart(all, this.#request.axis) : all;
  }

  configure(request: DataRequest): void {
    const before = this.#request;
    this.#request = request;
    if (before !== undefined && isSame(before, request)) return;
    if (before !== undefined && !fits(before, request)) this.cache.clear();
    // More or fewer runs are as good as new points: what is under way is still of use, and the next question comes at the pace of live data.
    const sameCurves = before !== undefined && fits(before, request) && before.smoothing === request.smoothing;
    if (sameCurves) this.invalidate();
    else this.#askAgain();
  }

  /** The window in sight; undefined for everything. */
  setWindow(window: Range | undefined, moving: boolean): void {
    this.#window = window;
    this.#moving = moving;
    this.#pump();
  }

  /** New points arrived. */
  invalidate(): void {
    this.#overviewIsStale = true;
    this.#fineIsStale = true;
    this.#pump();
  }

  /** The log was replaced: nothing that is held is true any more. */
  reset(): void {
    this.cache.clear();
    this.#askAgain();
  }

  /** Asks again after a failure. */
  retry(): void {
    this.#state = { kind: 'loading' };
    this.#askAgain();
  }

  dispose(): void {
    this.#ended = true;
    this.#running?.abort();
    clearTimeout(this.#timer);
  }

  #askAgain(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#notBefore = 0;
    this.invalidate();
  }

  /** Starts the next question, if there is one and none is under way. */
  #pump(): void {
    const request = this.#request;
    if (this.#ended || this.#running !== undefined || request === undefined || request.pixels < 1) return;
    // After a failure it waits to be told: `retry` when the person or a new connection asks, `invalidate` later on.
    if (this.#state.kind === 'failed' && performance.now() < this.#notBefore) return;
    const job = this.#nextJob(request);
    if (job === undefined) return;
    const wait = this.#notBefore - performance.now();
    if (wait > 0 && job.isRefresh) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#pump(), wait);
      return;
    }
    void this.#run(job.start);
  }

  #nextJob(request: DataRequest): { start: (signal: AbortSignal) => Promise<void>; isRefresh: boolean } | undefined {
    if (this.#overviewIsStale) {
      const isRefresh = this.cache.overview !== undefined;
      return { isRefresh, start: (signal) => this.#askOverview(request, signal) };
    }
    const window = this.#wantedWindow(request);
    if (window === undefined) return undefined;
    return { isRefresh: false, start: (signal) => this.#askFine(request, window, signal) };
  }

  /** The window that a finer tile is needed for. A log axis needs one for everything too, see `logWindows`. */
  #wantedWindow(request: DataRequest): Range | undefined {
    const { overview } = this.cache;
    const extent = this.extent;
    if (overview === undefined || extent === undefined || isComplete(overview)) return undefined;
    const window = this.#window ?? (request.logX && extent.min < extent.max ? extent : undefined);
    if (window === undefined || !(window.min < window.max)) return undefined;
    if (this.#fineIsStale) return window;
    const best = this.cache.best(window);
    const { buckets, window: wide } = tileRequest(window, extent, this.#pixels(request), request.runIds.length);
    const needed = span(wide, false) / buckets;
    const fineness = request.logX ? span(window, true) / this.#pixels(request) : needed;
    const slack = this.#moving ? 2 : 1.05;
    return best === undefined || best.fineness > fineness * slack ? window : undefined;
  }

  /** Buckets that the window is worth: one per device pixel, and while it moves no more than a frame can draw. */
  #pixels({ pixels, runIds }: DataRequest): number {
    if (!this.#moving) return pixels;
    return Math.min(pixels, Math.max(LEAST_MOVING_BUCKETS, Math.floor(MOVING_BUCKETS / Math.max(1, runIds.length))));
  }

  async #run(start: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    this.#running = controller;
    const began = performance.now();
    try {
      await start(controller.signal);
      if (controller.signal.aborted) return;
      this.#state = { kind: 'ready' };
      this.#notBefore = began + Math.max(LIVE_INTERVAL_MS, 3 * (performance.now() - began));
    } catch (error) {
      if (controller.signal.aborted) return;
      const { message, hint } = toErrorInfo(error);
      this.#state = { kind: 'failed', message, hint };
      this.#overviewIsStale = true;
      this.#notBefore = performance.now() + RETRY_MS;
    } finally {
      if (this.#running === controller) this.#running = undefined;
    }
    if (this.#ended) return;
    this.#changed();
    if (this.#state.kind === 'ready') this.#pump();
  }

  async #askOverview(request: DataRequest, signal: AbortSignal): Promise<void> {
    this.#overviewIsStale = false;
    const tile = await this.#ask(request, undefined, overviewBuckets(request.pixels, request.runIds.length), signal);
    if (!signal.aborted) this.cache.putOverview(tile);
  }

  async #askFine(request: DataRequest, wanted: Range, signal: AbortSignal): Promise<void> {
    const wasStale = this.#fineIsStale;
    this.#fineIsStale = false;
    const limits = this.extent ?? wanted;
    const { window, buckets } = request.logX
      ? { window: wanted, buckets: overviewBuckets(request.pixels, request.runIds.length) }
      : tileRequest(wanted, limits, this.#pixels(request), request.runIds.length);
    const parts = request.logX ? logWindows(window, buckets) : [{ window, buckets }];
    const tiles = await Promise.all(parts.map((part) => this.#ask(request, part.window, part.buckets, signal)));
    if (signal.aborted) return;
    if (wasStale) this.cache.dropFine();
    this.cache.putFine(joinTiles(tiles), window, span(window, request.logX) / buckets);
  }

  #ask(request: DataRequest, window: Range | undefined, buckets: number, signal: AbortSignal): Promise<SeriesTile> {
    const { tag, axis, smoothing } = request;
    const series = request.runIds.map((runId) => ({ runId, tag }));
    const ends = window === undefined ? {} : { x0: window.min, x1: window.max };
    return this.#query({ series, x: axis, ...ends, buckets, smoothing }, signal);
  }
}

function isSame(one: DataRequest, other: DataRequest): boolean {
  if (!fits(one, other) || one.smoothing !== other.smoothing) return false;
  if (Math.abs(one.pixels - other.pixels) > one.pixels * 0.02) return false;
  return one.runIds.length === other.runIds.length && one.runIds.every((id, i) => id === other.runIds[i]);
}

/** Whether tiles of the one request can be drawn for the other until better ones come. */
function fits(one: DataRequest, other: DataRequest): boolean {
  return one.tag === other.tag && one.axis === other.axis && one.logX === other.logX;
}

/** Where a log axis begins when the data begins at zero: step 1, or a ten-thousandth of the time. */
function positivePart(range: Range, axis: XAxis): Range | undefined {
  if (range.max <= 0) return undefined;
  if (range.min > 0) return range;
  return { min: Math.min(axis === 'step' ? 1 : range.max / 1e4, range.max), max: range.max };
}

function span(window: Range, log: boolean): number {
  return log ? Math.log10(window.max / window.min) : window.max - window.min;
}
