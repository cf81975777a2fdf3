import type { ChartTheme } from '../shared/theme.ts';
import type { Cover } from './cover.ts';
import { type Detail, LONG_PATH } from './detail.ts';
import { type Curve, type LinePen, type PlotArea, type PlotLine, traceCurve } from './plot.ts';

/** A run as the chart draws it. */
export interface LineSpec {
  readonly runId: string;
  readonly label: string;
  readonly colour: string;
  readonly dash: readonly number[];
}

const GHOST_ALPHA = 0.28;
const DOT_RADIUS = 2;
/** Points that lie further apart than this many pixels get a dot each. */
const DOT_SPACING = 12;

/** A line worked out, but not yet on a canvas. */
export interface TracedLine {
  readonly spec: LineSpec;
  readonly raw: TracedCurve | undefined;
  readonly smooth: TracedCurve | undefined;
}

interface TracedCurve {
  readonly pen: DashPen;
  readonly isLong: boolean;
  readonly nonFiniteAt: readonly number[];
}

/**
 * Works out one line. Lines are to be traced from the topmost down, so that `cover` knows what hides them. While a chart moves at reduced
 * detail the faint raw curve behind a smoothed one is left out.
 */
export function traceLine(line: PlotLine, spec: LineSpec, area: PlotArea, detail: Detail, cover: Cover): TracedLine {
  const isSmoothed = line.tile.stride === 9;
  const trace = (curve: Curve, over: Cover | undefined): TracedCurve => {
    const pen = new DashPen(detail.isFull);
    const { nonFiniteAt, length } = traceCurve(pen, line, area, curve, detail.stride, over);
    return { pen, nonFiniteAt, isLong: length > LONG_PATH };
  };
  if (!isSmoothed) return { spec, raw: trace('raw', cover), smooth: undefined };
  // The raw curve is see-through there: it hides nothing, and must not be cut by its own smoothed curve.
  const raw = detail.isFull ? trace('raw', undefined) : undefined;
  return { spec, raw, smooth: trace('smooth', cover) };
}

/** Paints a line: the raw curve, or with smoothing the raw curve faintly under the smoothed one; then marks of values that are not finite. */
export function strokeLine(
  ctx: CanvasRenderingContext2D,
  line: TracedLine,
  detail: Detail,
  theme: ChartTheme,
  bottom: number,
): void {
  const { spec, raw, smooth } = line;
  ctx.strokeStyle = spec.colour;
  ctx.fillStyle = spec.colour;
  ctx.lineJoin = 'bevel';
  ctx.globalAlpha = smooth === undefined ? 1 : GHOST_ALPHA;
  if (raw !== undefined) strokeCurve(ctx, raw, spec, detail);
  if (raw?.pen.isSparse) for (const [x, y] of raw.pen.points) dot(ctx, x, y);
  ctx.globalAlpha = 1;
  if (smooth !== undefined) strokeCurve(ctx, smooth, spec, detail);
  if (detail.isFull && raw !== undefined && raw.nonFiniteAt.length > 0)
    paintNonFinite(ctx, raw.nonFiniteAt, bottom, theme);
}

function strokeCurve(
  ctx: CanvasRenderingContext2D,
  { pen, isLong }: TracedCurve,
  spec: LineSpec,
  detail: Detail,
): void {
  const isThin = isLong || !detail.isFull;
  ctx.lineWidth = isThin ? detail.hairline : detail.lineWidth;
  ctx.lineCap = isThin ? 'butt' : 'round';
  const isDashed = spec.dash.length > 0 && !isThin;
  if (isDashed) ctx.setLineDash([...spec.dash]);
  ctx.stroke(pen.line);
  if (!isDashed) return;
  ctx.setLineDash([]);
  ctx.stroke(pen.solid);
}

function dot(ctx: CanvasRenderingContext2D, x: number, y: number): void {
  ctx.beginPath();
  ctx.arc(x, y, DOT_RADIUS, 0, 2 * Math.PI);
  ctx.fill();
}

/** Small crosses at the bottom, one per place, where a logged value is NaN or infinite. */
function paintNonFinite(
  ctx: CanvasRenderingContext2D,
  pixels: readonly number[],
  bottom: number,
  theme: ChartTheme,
): void {
  ctx.strokeStyle = theme.warning;
  ctx.lineWidth = 1;
  ctx.beginPath();
  let last = Number.NEGATIVE_INFINITY;
  for (const x of pixels) {
    if (x - last < 4) continue;
    last = x;
    ctx.moveTo(x - 2.5, bottom - 7.5);
    ctx.lineTo(x + 2.5, bottom - 2.5);
    ctx.moveTo(x - 2.5, bottom - 2.5);
    ctx.lineTo(x + 2.5, bottom - 7.5);
  }
  ctx.stroke();
}

/**
 * Takes a line for dashing, and collects what a gap between dashes must not hide: upright strokes and the tips of peaks. Also notes
 * the points of a line that has only few, which then get dots.
 */
export class DashPen implements LinePen {
  readonly line = new Path2D();
  readonly solid = new Path2D();
  readonly points: [number, number][] = [];
  readonly #isFull: boolean;
  #fits: boolean;
  #x = 0;
  #y = 0;
  #rise = 0;

  /** @param isFull dashes and dots are of interest, not only the line */
  constructor(isFull: boolean) {
    this.#isFull = isFull;
    this.#fits = isFull;
  }

  /** Whether the points lie far enough apart for dots. */
  get isSparse(): boolean {
    return this.#fits;
  }

  moveTo(x: number, y: number): void {
    this.line.moveTo(x, y);
    if (!this.#isFull) return;
    this.#addPoint(x, y);
    this.#x = x;
    this.#y = y;
    this.#rise = 0;
  }

  lineTo(x: number, y: number): void {
    this.line.lineTo(x, y);
    if (!this.#isFull) return;
    const rise = y - this.#y;
    if (x === this.#x && Math.abs(rise) > 1) this.#mark(x, this.#y, x, y);
    else if (this.#rise * rise < 0) this.#markTip(rise);
    if (x !== this.#x || y !== this.#y) this.#addPoint(x, y);
    this.#x = x;
    this.#y = y;
    if (rise !== 0) this.#rise = rise;
  }

  #addPoint(x: number, y: number): void {
    if (!this.#fits) return;
    if (this.points.length > 0 && x - this.#x < DOT_SPACING) this.#fits = false;
    else this.points.push([x, y]);
  }

  #markTip(rise: number): void {
    const size = Math.min(3, Math.abs(rise), Math.abs(this.#rise));
    if (size >= 2) this.#mark(this.#x, this.#y, this.#x, this.#y + Math.sign(rise) * size);
  }

  #mark(x0: number, y0: number, x1: number, y1: number): void {
    this.solid.moveTo(x0, y0);
    this.solid.lineTo(x1, y1);
  }
}
