import type { SeriesTile, TileSeries } from '../../src/protocol/series.ts';
import type { Cover } from './cover.ts';
import type { Range } from './range.ts';
import { bucketFields, bucketsAround, type Point } from './tile.ts';

/** How values become pixels: `offset + scale * value`, with the decimal logarithm of the value on a log axis. */
export interface PixelAxis {
  readonly log: boolean;
  readonly offset: number;
  readonly scale: number;
}

/** The part of a 2D context that drawing a line needs; also what tests record. */
export interface LinePen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

/** One series with what carries its line beyond the tile's edges. */
export interface PlotLine {
  readonly tile: SeriesTile;
  readonly series: TileSeries;
  readonly left?: Point | undefined;
  readonly right?: Point | undefined;
}

export interface PlotArea {
  readonly x: PixelAxis;
  readonly y: PixelAxis;
  readonly window: Range;
  /** Left edge in CSS pixels, from which columns are counted; a whole number of device pixels. */
  readonly left: number;
  /** Size of a device pixel in CSS pixels. */
  readonly pixel: number;
}

export type Curve = 'raw' | 'smooth';

/** Where a finished curve left things: columns drawn, and pixels of buckets that hold nothing finite. */
export interface CurveResult {
  readonly columns: number;
  readonly nonFiniteAt: readonly number[];
  /** Length of the path in pixels, which is what stroking it costs. */
  readonly length: number;
}

const F = bucketFields;

/** The axis of a range on a span of pixels; give the pixels in drawing order, bottom first for y. */
export function pixelAxis(range: Range, fromPixel: number, toPixel: number, log: boolean): PixelAxis {
  const [low, high] = log ? [Math.log10(range.min), Math.log10(range.max)] : [range.min, range.max];
  const scale = (toPixel - fromPixel) / (high - low);
  return { log, scale, offset: fromPixel - low * scale };
}

/** Pixel of a value. */
export function pixelOf(axis: PixelAxis, value: number): number {
  return axis.offset + axis.scale * (axis.log ? Math.log10(value) : value);
}

/** Value at a pixel. */
export function valueAt(axis: PixelAxis, pixel: number): number {
  const value = (pixel - axis.offset) / axis.scale;
  return axis.log ? 10 ** value : value;
}

/**
 * Traces one curve of a series, reduced to columns of `stride` pixels. The least and the greatest value of every column are part of the
 * path at any stride, so an extreme is never lost. Columns of several values are upright strokes in the middle of their pixels, which are
 * by far the cheapest to fill; a column that overlaps the one before is not joined to it by a stroke of its own. Buckets without a finite
 * value break the line. The caller strokes, and clips to the chart.
 * @param cover what lines above this one hide; strokes behind it are left out
 */
export function traceCurve(
  pen: LinePen,
  line: PlotLine,
  area: PlotArea,
  curve: Curve,
  stride: number,
  cover?: Cover,
): CurveResult {
  const path = new ColumnPath(pen, area, stride, cover);
  const { data, stride: width } = line.tile;
  const { start, end } = bucketsAround(line.tile, line.series, area.window);
  const fields = curve === 'raw' ? RAW : SMOOTH;
  const xScale = area.x.scale / stride;
  const xOffset = (area.x.offset - area.left) / stride;
  const { log } = area.x;
  if (start === 0 && line.left !== undefined) path.single(line.left.x, line.left.y);
  for (let i = start; i < end; i++) {
    const at = line.series.offset + i * width;
    const x = data[at]!;
    const min = data[at + fields.min]!;
    const column = Math.floor(xOffset + xScale * (log ? Math.log10(x) : x));
    if (Number.isNaN(min)) path.gap(x);
    else path.add(column, x, data[at + F.xLast]!, min, data[at + fields.max]!);
  }
  path.flush();
  if (end === line.series.buckets && line.right !== undefined) path.single(line.right.x, line.right.y);
  return { columns: path.columns, nonFiniteAt: path.nonFiniteAt, length: path.length };
}

const RAW = { min: F.min, max: F.max } as const;
const SMOOTH = { min: F.smoothMin, max: F.smoothMax } as const;

/** Collects buckets that fall into one column and writes each column once. Fields instead of closures: this runs 100 000 times a frame. */
class ColumnPath {
  columns = 0;
  length = 0;
  readonly nonFiniteAt: number[] = [];
  readonly #pen: LinePen;
  readonly #area: PlotArea;
  readonly #stride: number;
  /** How far columns must overlap to need no stroke between them. */
  readonly #overlap: number;
  readonly #cover: Cover | undefined;
  #open = false;
  #column = 0;
  #xFirst = 0;
  #xLast = 0;
  #min = 0;
  #max = 0;
  #broken = true;
  /** Where the line is; the pen is there too unless it was lifted. */
  #lifted = false;
  #penX = 0;
  #penY = 0;
  /** The upright stroke drawn last: its column and its ends in pixels. */
  #strokeColumn = Number.NaN;
  #strokeTop = 0;
  #strokeBottom = 0;

  constructor(pen: LinePen, area: PlotArea, stride: number, cover: Cover | undefined) {
    this.#cover = cover;
    this.#pen = pen;
    this.#area = area;
    this.#stride = stride;
    // Neighbouring pixels join by themselves; wider columns only look joined where they overlap by far.
    this.#overlap = stride <= area.pixel ? -area.pixel : 3 * stride;
  }

  add(column: number, xFirst: number, xLast: number, min: number, max: number): void {
    if (this.#open && column === this.#column) {
      if (min < this.#min) this.#min = min;
      if (max > this.#max) this.#max = max;
      this.#xLast = xLast;
      return;
    }
    this.flush();
    this.#open = true;
    this.#column = column;
    this.#xFirst = xFirst;
    this.#xLast = xLast;
    this.#min = min;
    this.#max = max;
  }

  single(x: number, y: number): void {
    this.flush();
    this.#to(pixelOf(this.#area.x, x), this.#y(y));
  }

  gap(x: number): void {
    this.flush();
    this.#broken = true;
    const pixel = pixelOf(this.#area.x, x);
    if (Number.isFinite(pixel)) this.nonFiniteAt.push(pixel);
  }

  flush(): void {
    if (!this.#open) return;
    this.#open = false;
    this.columns += 1;
    const left = pixelOf(this.#area.x, this.#xFirst);
    if (!Number.isFinite(left)) return;
    const bottom = this.#y(this.#min);
    const top = this.#min === this.#max ? bottom : this.#y(this.#max);
    if (bottom - top >= 1) this.#upright(top, bottom);
    else this.#flat(left, (top + bottom) / 2);
  }

  /** Values that differ by less than a pixel are a point, or a level stroke from the first to the last of them. */
  #flat(left: number, y: number): void {
    this.#to(left, y);
    if (this.#xLast === this.#xFirst) return;
    const right = pixelOf(this.#area.x, this.#xLast);
    if (right - left > 1) this.#to(right, y);
  }

  #upright(top: number, bottom: number): void {
    const { left, pixel } = this.#area;
    // In the middle of a device pixel a stroke fills one column of pixels, beside it two, each half.
    const x = (Math.floor((left + (this.#column + 0.5) * this.#stride) / pixel + 1e-6) + 0.5) * pixel;
    const isNext = !this.#broken && this.#strokeColumn === this.#column - 1;
    const overlap = Math.min(bottom, this.#strokeBottom) - Math.max(top, this.#strokeTop);
    const meets = isNext && overlap >= this.#overlap;
    const isUpFirst = Math.abs(this.#penY - bottom) <= Math.abs(this.#penY - top);
    const [from, to] = isUpFirst ? [bottom, top] : [top, bottom];
    if (meets) this.#skipTo(x, from);
    else this.#to(x, from);
    this.#stroke(x, top, bottom, isUpFirst);
    if (this.#penY !== to) this.#skipTo(x, to);
    this.#strokeColumn = this.#column;
    this.#strokeTop = top;
    this.#strokeBottom = bottom;
  }

  /** The visible part of an upright stroke. */
  #stroke(x: number, top: number, bottom: number, isUp: boolean): void {
    const cover = this.#cover;
    if (cover !== undefined && !cover.take(this.#column, top, bottom)) return;
    const seenTop = cover?.visibleTop ?? top;
    const seenBottom = cover?.visibleBottom ?? bottom;
    const [from, to] = isUp ? [seenBottom, seenTop] : [seenTop, seenBottom];
    if (from !== this.#penY) this.#skipTo(x, from);
    this.#to(x, to);
  }

  /** Goes on from there without drawing. */
  #skipTo(x: number, y: number): void {
    this.#lifted = true;
    this.#penX = x;
    this.#penY = y;
  }

  #to(x: number, y: number): void {
    // A point alone between gaps still leaves a mark, because caps are round.
    if (this.#broken) this.#pen.moveTo(x, y);
    else {
      if (this.#lifted) this.#pen.moveTo(this.#penX, this.#penY);
      this.length += Math.abs(x - this.#penX) + Math.abs(y - this.#penY);
    }
    this.#broken = false;
    this.#lifted = false;
    this.#pen.lineTo(x, y);
    this.#penX = x;
    this.#penY = y;
  }

  /** On a log axis values that are not positive lie far below the frame, so that a line leaves it downwards. */
  #y(value: number): number {
    const { y } = this.#area;
    if (!y.log) return y.offset + y.scale * value;
    return value > 0 ? y.offset + y.scale * Math.log10(value) : BELOW;
  }
}

const BELOW = 1e5;
