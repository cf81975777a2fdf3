import type { ChartTheme } from '../shared/theme.ts';
import type { Detail } from './detail.ts';
import { type LinePen, type PlotArea, type PlotLine, traceCurve } from './plot.ts';

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

/** Paints one line: the raw curve, or with smoothing the raw curve faintly under the smoothed one; then marks of values that are not finite. */
export function paintLine(
  ctx: CanvasRenderingContext2D,
  line: PlotLine,
  spec: LineSpec,
  area: PlotArea,
  detail: Detail,
  theme: ChartTheme,
  bottom: number,
): void {
  ctx.strokeStyle = spec.colour;
  ctx.fillStyle = spec.colour;
  ctx.lineJoin = 'bevel';
  ctx.lineCap = detail.exactEnds ? 'round' : 'butt';
  const isSmoothed = line.tile.stride === 9;
  ctx.globalAlpha = isSmoothed ? GHOST_ALPHA : 1;
  const raw = strokeCurve(
    ctx,
    line,
    spec,
    area,
    { ...detail, lineWidth: isSmoothed ? Math.min(1, detail.lineWidth) : detail.lineWidth },
    'raw',
  );
  ctx.globalAlpha = 1;
  if (isSmoothed) strokeCurve(ctx, line, spec, area, detail, 'smooth');
  if (detail.exactEnds && raw.length > 0) paintNonFinite(ctx, raw, bottom, theme);
}

function strokeCurve(
  ctx: CanvasRenderingContext2D,
  line: PlotLine,
  spec: LineSpec,
  area: PlotArea,
  detail: Detail,
  curve: 'raw' | 'smooth',
): readonly number[] {
  ctx.lineWidth = detail.lineWidth;
  if (!detail.exactEnds) {
    ctx.beginPath();
    const { nonFiniteAt } = traceCurve(ctx, line, area, curve, detail.stride, false);
    ctx.stroke();
    return nonFiniteAt;
  }
  const pen = new DashPen();
  const { nonFiniteAt } = traceCurve(pen, line, area, curve, detail.stride, true);
  ctx.setLineDash([...spec.dash]);
  ctx.stroke(pen.line);
  if (spec.dash.length > 0) {
    ctx.setLineDash([]);
    ctx.stroke(pen.solid);
  }
  if (curve === 'raw' && pen.isSparse) {
    for (const [x, y] of pen.points) dot(ctx, x, y);
  }
  return nonFiniteAt;
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
  #fits = true;
  #x = 0;
  #y = 0;
  #rise = 0;

  /** Whether the points lie far enough apart for dots. */
  get isSparse(): boolean {
    return this.#fits;
  }

  moveTo(x: number, y: number): void {
    this.line.moveTo(x, y);
    this.#x = x;
    this.#y = y;
    this.#rise = 0;
    if (this.#fits) this.points.push([x, y]);
  }

  lineTo(x: number, y: number): void {
    this.line.lineTo(x, y);
    const rise = y - this.#y;
    if (x === this.#x && Math.abs(rise) > 1) this.#mark(x, this.#y, x, y);
    else if (this.#rise * rise < 0) this.#markTip(rise);
    if (this.#fits && (x !== this.#x || y !== this.#y)) {
      if (this.points.length > 0 && x - this.#x < DOT_SPACING) this.#fits = false;
      else this.points.push([x, y]);
    }
    this.#x = x;
    this.#y = y;
    if (rise !== 0) this.#rise = rise;
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
