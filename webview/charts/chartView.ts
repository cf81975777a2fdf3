import { Chart, type ChartConfiguration, type Scale } from 'chart.js';
import { type Disposable, Disposables } from '../../src/base/disposables.ts';
import type { XAxis } from '../../src/protocol/series.ts';
import type { ChartTheme } from '../shared/theme.ts';
import type { ChartData } from './chartData.ts';
import { mergeFactor } from './coarsen.ts';
import { Cover } from './cover.ts';
import { type CursorReading, readingAt } from './cursor.ts';
import { type Detail, movingDetail, restDetail } from './detail.ts';
import type { DrawClient, DrawScheduler } from './drawScheduler.ts';
import { type PackedDataset, registerPackedChart } from './packedController.ts';
import { type LineSpec, strokeLine, type TracedLine, traceLine } from './paint.ts';
import { type PixelAxis, type PlotArea, pixelAxis } from './plot.ts';
import { padded, type Range, unite, withWidth } from './range.ts';
import type { SharedView } from './sharedView.ts';
import { linearTicks, logTicks, type Tick, xTicks } from './ticks.ts';
import { bucketsAround, shownPoints, valueRange } from './tile.ts';
import { coarseHeld, type HeldTile } from './tileCache.ts';

/** What a chart draws and how. */
export interface ChartSettings {
  readonly axis: XAxis;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly lines: readonly LineSpec[];
  readonly theme: ChartTheme;
  /** Columns of lines that may be drawn in one frame of a gesture, over all charts. */
  readonly columnBudget: number;
}

/** The plot's rectangle in CSS pixels of the canvas. */
export interface PlotRect {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The groups of axis options that follow the theme. */
interface AxisOptions {
  readonly grid: object;
  readonly ticks: object;
  readonly border: object;
}

/** With more lines than this nobody can tell dashes apart, and they cost several times as much to draw. */
const MOST_DASHED = 40;
/** A highlighted line is the only one of its kind on the screen: it may cost something. */
const HIGHLIGHT: Detail = { stride: 1, lineWidth: 2.5, hairline: 1, isFull: true };
const LINES_PER_FLUSH = 4;
const Y_AXIS_WIDTH = 58;
const X_TICK_PIXELS = 84;
const Y_TICK_PIXELS = 38;

/**
 * One chart on a canvas. Chart.js lays it out and draws axes and grid; lines are ours, drawn from the cache of `ChartData` at the detail
 * that the scheduler allows. It owns no data and no gestures.
 */
export class ChartView implements Disposable, DrawClient {
  readonly canvas: HTMLCanvasElement;
  readonly #owner = new Disposables();
  readonly #shared: SharedView;
  readonly #data: ChartData;
  readonly #scheduler: DrawScheduler;
  readonly #drawn: () => void;
  #settings: ChartSettings;
  #chart: Chart;
  #yWindow: Range | undefined;
  #detail: Detail | undefined;
  /** The finished picture of the lines at full detail, as long as it is true. */
  #picture: HTMLCanvasElement | undefined;
  #slices: Generator<void, HTMLCanvasElement> | undefined;

  constructor(
    canvas: HTMLCanvasElement,
    parts: { shared: SharedView; data: ChartData; scheduler: DrawScheduler; drawn: () => void },
    settings: ChartSettings,
  ) {
    registerPackedChart();
    this.canvas = canvas;
    this.#shared = parts.shared;
    this.#data = parts.data;
    this.#scheduler = parts.scheduler;
    this.#drawn = parts.drawn;
    this.#settings = settings;
    this.#chart = new Chart(canvas, this.#configuration());
    this.#owner.onDispose(() => this.#chart.destroy());
    this.#owner.onDispose(() => parts.scheduler.forget(this));
  }

  get settings(): ChartSettings {
    return this.#settings;
  }

  get rect(): PlotRect {
    return this.#chart.chartArea;
  }

  get xAxis(): PixelAxis {
    const { left, right } = this.rect;
    return pixelAxis(this.window, left, right, this.#settings.logX);
  }

  get yAxis(): PixelAxis {
    const { top, bottom } = this.rect;
    const { min, max } = this.#chart.scales['y'] as Scale;
    return pixelAxis({ min, max }, bottom, top, this.#settings.logY);
  }

  /** The x range in sight. */
  get window(): Range {
    const range = this.#shared.window ?? this.#data.extent;
    if (range === undefined) return this.#settings.logX ? { min: 1, max: 10 } : { min: 0, max: 1 };
    return withWidth(range, this.#settings.logX);
  }

  /** The y range that the person chose for this chart; undefined: it follows the values in sight. */
  get yWindow(): Range | undefined {
    return this.#yWindow;
  }

  set yWindow(range: Range | undefined) {
    this.#yWindow = range;
    this.invalidate();
  }

  configure(settings: ChartSettings): void {
    this.#settings = settings;
    this.invalidate();
  }

  resize(width: number, height: number): void {
    const ratio = window.devicePixelRatio;
    if (this.#chart.width === width && this.#chart.height === height && this.#chart.currentDevicePixelRatio === ratio)
      return;
    this.#chart.options.devicePixelRatio = ratio;
    this.#chart.resize(width, height);
    this.invalidate();
  }

  /** Draws in the next frame: data, window, size, theme or lines changed. */
  invalidate(): void {
    this.#dropPicture();
    this.#scheduler.draw(this);
  }

  drawNow(): boolean {
    this.#dropPicture();
    const columns = this.#columns();
    const rest = restDetail(columns, window.devicePixelRatio);
    const budget = this.#settings.columnBudget / this.#scheduler.charts;
    const moving = movingDetail(columns, budget, window.devicePixelRatio, this.#scheduler.slowdown);
    const isBig = columns > budget / 4;
    this.#detail = this.#scheduler.isMoving || isBig ? moving : rest;
    this.#update();
    this.#drawn();
    return this.#detail !== rest && !isSameDetail(this.#detail, rest);
  }

  refine(deadline: number): boolean {
    this.#slices ??= this.#paintSlices(restDetail(this.#columns(), window.devicePixelRatio));
    while (performance.now() < deadline) {
      const step = this.#slices.next();
      if (step.done !== true) continue;
      this.#picture = step.value;
      this.#slices = undefined;
      this.#chart.draw();
      return true;
    }
    return false;
  }

  /** The readings of all lines at x, in the order of the lines; lines without any point are left out. */
  readingsAt(x: number): { readonly line: LineSpec; readonly reading: CursorReading }[] {
    const held = this.#held();
    if (held === undefined) return [];
    const readings = [];
    for (const line of this.#settings.lines) {
      const found = this.#data.cache.line(held, line.runId);
      const reading = found && readingAt(found.tile, found.series, x);
      if (reading !== undefined) readings.push({ line, reading });
    }
    return readings;
  }

  /** Points that are drawn, points that there are, and values that are not finite, over the lines in sight. */
  counts(): { shown: number; total: number; nonFinite: number } {
    const held = this.#held();
    let [shown, total, nonFinite] = [0, 0, 0];
    for (const line of held === undefined ? [] : this.#settings.lines) {
      const found = this.#data.cache.line(held!, line.runId);
      if (found === undefined) continue;
      shown += shownPoints(found.tile, found.series, this.window);
      total += found.series.total;
      nonFinite += found.series.nonFinite;
    }
    return { shown, total, nonFinite };
  }

  /** Strokes one run's line again, for highlighting it on another canvas of the same size. */
  paintHighlight(ctx: CanvasRenderingContext2D, runId: string): void {
    const spec = this.#settings.lines.find((line) => line.runId === runId);
    if (spec === undefined) return;
    const lines = { ...this.#settings, lines: [spec] };
    for (const step of this.#paintLines(ctx, this.#area(), HIGHLIGHT, lines)) void step;
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #held(): HeldTile | undefined {
    const window = this.#shared.window ?? (this.#settings.logX ? this.#data.extent : undefined);
    return this.#data.cache.best(window);
  }

  /** The tile to paint: with merged buckets where drawn columns are wider than they. */
  #heldFor(detail: Detail): HeldTile | undefined {
    const held = this.#held();
    const first = held?.tile.series.find((series) => series.buckets > 0);
    if (held === undefined || first === undefined || detail.isFull) return held;
    const { start, end } = bucketsAround(held.tile, first, this.window);
    const columns = Math.max(1, (this.rect.right - this.rect.left) / detail.stride);
    return coarseHeld(held, mergeFactor((end - start) / columns));
  }

  #columns(): number {
    const held = this.#held();
    if (held === undefined) return 0;
    const pixels = Math.max(1, this.rect.right - this.rect.left);
    let columns = 0;
    for (const line of this.#settings.lines) columns += Math.min(pixels, held.byRun.get(line.runId)?.buckets ?? 0);
    return held.tile.stride === 9 ? 2 * columns : columns;
  }

  #dropPicture(): void {
    this.#picture = undefined;
    this.#slices = undefined;
  }

  #area(): PlotArea {
    const ratio = this.#chart.currentDevicePixelRatio;
    const left = Math.round(this.rect.left * ratio) / ratio;
    return { x: this.xAxis, y: this.yAxis, window: this.window, left, pixel: 1 / ratio };
  }

  #paint(ctx: CanvasRenderingContext2D): void {
    if (this.#picture !== undefined) {
      ctx.drawImage(this.#picture, 0, 0, this.#chart.width, this.#chart.height);
      return;
    }
    const detail = this.#detail ?? restDetail(this.#columns(), window.devicePixelRatio);
    for (const step of this.#paintLines(ctx, this.#area(), detail, this.#settings)) void step;
  }

  *#paintLines(
    ctx: CanvasRenderingContext2D,
    area: PlotArea,
    detail: Detail,
    settings: ChartSettings,
  ): Generator<void> {
    const held = this.#heldFor(detail);
    if (held === undefined) return;
    const isCrowded = settings.lines.length > MOST_DASHED;
    const width = this.rect.right - this.rect.left;
    const cover = new Cover(Math.ceil(width / detail.stride));
    const traced: TracedLine[] = [];
    for (const spec of settings.lines.toReversed()) {
      const line = this.#data.cache.line(held, spec.runId);
      if (line === undefined) continue;
      traced.push(traceLine(line, isCrowded ? { ...spec, dash: [] } : spec, area, detail, cover));
      yield;
    }
    for (const line of traced.reverse()) {
      strokeLine(ctx, line, detail, settings.theme, this.rect.bottom);
      yield;
    }
  }

  /** Draws the lines at full detail on a canvas of their own, one line between two looks at the clock. */
  *#paintSlices(detail: Detail): Generator<void, HTMLCanvasElement> {
    const picture = document.createElement('canvas');
    picture.width = this.canvas.width;
    picture.height = this.canvas.height;
    const ctx = picture.getContext('2d', { willReadFrequently: true })!;
    const ratio = this.#chart.currentDevicePixelRatio;
    ctx.scale(ratio, ratio);
    let lines = 0;
    for (const step of this.#paintLines(ctx, this.#area(), detail, this.#settings)) {
      // Browsers put drawing off; reading a pixel makes them do it now, so that the clock sees it and no later frame pays for all of it.
      if (++lines % LINES_PER_FLUSH === 0) ctx.getImageData(0, 0, 1, 1);
      yield step;
    }
    return picture;
  }

  #update(): void {
    const { theme, logX, logY } = this.#settings;
    const { x, y } = this.#chart.options.scales as unknown as { x: AxisOptions; y: AxisOptions };
    Object.assign(x, { type: logX ? 'logarithmic' : 'linear', ...this.window });
    Object.assign(y, { type: logY ? 'logarithmic' : 'linear', ...this.#yRange() });
    for (const scale of [x, y]) {
      Object.assign(scale.grid, { color: theme.grid, tickColor: theme.grid });
      Object.assign(scale.ticks, { color: theme.muted, font: { family: theme.fontFamily, size: theme.fontSize - 2 } });
      Object.assign(scale.border, { color: theme.border });
    }
    this.#chart.update('none');
  }

  #yRange(): Range {
    const { logY, lines } = this.#settings;
    if (this.#yWindow !== undefined && (!logY || this.#yWindow.min > 0)) return this.#yWindow;
    const held = this.#heldFor(this.#detail ?? restDetail(0, 1));
    const { window } = this;
    let all: Range | undefined;
    for (const line of held === undefined ? [] : lines) {
      const found = this.#data.cache.line(held!, line.runId);
      all = unite(all, found && valueRange(found.tile, found.series, window, logY));
    }
    if (all === undefined) return logY ? { min: 0.1, max: 10 } : { min: 0, max: 1 };
    return padded(all, logY);
  }

  #xTicks(scale: Scale): Tick[] {
    const { axis, logX } = this.#settings;
    return xTicks(axis, logX, scale.min, scale.max, Math.max(2, Math.floor(scale.width / X_TICK_PIXELS)));
  }

  #yTicks(scale: Scale): Tick[] {
    const count = Math.max(2, Math.floor(scale.height / Y_TICK_PIXELS));
    return this.#settings.logY ? logTicks(scale.min, scale.max, count) : linearTicks(scale.min, scale.max, count);
  }

  #configuration(): ChartConfiguration {
    // Chart.js draws once while it is being made; there is nothing to paint yet.
    const paint = (chart: Chart) => chart === this.#chart && this.#paint(chart.ctx);
    const dataset: PackedDataset = { type: 'packed', data: [], paint };
    const axis = (ticks: (scale: Scale) => Tick[]) => ({
      type: 'linear' as const,
      grid: { color: '#888', tickLength: 4 },
      border: { color: '#888' },
      ticks: {
        color: '#888',
        maxRotation: 0,
        autoSkip: false,
        padding: 2,
        callback: (_value: unknown, index: number, all: unknown[]) => (all[index] as { text?: string }).text ?? '',
      },
      afterBuildTicks: (scale: Scale) => {
        scale.ticks = ticks(scale).map(({ value, label }) => ({ value, text: label }));
      },
    });
    const x = {
      ...axis((scale) => this.#xTicks(scale)),
      // Labels may reach over the plot's ends; the layout's padding leaves room for them.
      afterFit: (scale: Scale) => Object.assign(scale, { paddingLeft: 0, paddingRight: 0 }),
    };
    const y = {
      ...axis((scale) => this.#yTicks(scale)),
      afterFit: (scale: Scale) => {
        scale.width = Y_AXIS_WIDTH;
      },
    };
    return {
      type: 'packed',
      data: { datasets: [dataset] },
      options: {
        animation: false,
        responsive: false,
        maintainAspectRatio: false,
        events: [],
        parsing: false,
        normalized: true,
        layout: { padding: { top: 6, right: 18 } },
        scales: { x, y },
      },
    } as unknown as ChartConfiguration;
  }
}

function isSameDetail(one: Detail, other: Detail): boolean {
  return one.stride === other.stride && one.lineWidth === other.lineWidth && one.isFull === other.isFull;
}
