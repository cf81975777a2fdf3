import type { SeriesTile, TileSeries } from '../../src/protocol/series.ts';
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
  /** Left edge in pixels, from which columns are counted. */
  readonly left: number;
}

export type Curve = 'raw' | 'smooth';

/** Where a finished curve left things: columns drawn, and pixels of buckets that hold nothing finite. */
export interface CurveResult {
  readonly columns: number;
  readonly nonFiniteAt: readonly number[];
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
 * Traces one curve of a series, reduced to columns of `stride` pixels. The least and the greatest value of every column are part
 * of the path at any stride, so an extreme is never lost; with `exactEnds` the first and the last point of a column too, which gives
 * the line its exact course. Buckets without a finite value break the line. The caller strokes, and clips to the chart.
 */
export function traceCurve(
  pen: LinePen,
  line: PlotLine,
  area: PlotArea,
  curve: Curve,
  stride: number,
  exactEnds: boolean,
): CurveResult {
  const path = new ColumnPath(pen, area, exactEnds);
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
    else
      path.add(
        column,
        x,
        data[at + F.xLast]!,
        data[at + fields.first]!,
        min,
        data[at + fields.max]!,
        data[at + fields.last]!,
      );
  }
  path.flush();
  if (end === line.series.buckets && line.right !== undefined) path.single(line.right.x, line.right.y);
  return { columns: path.columns, nonFiniteAt: path.nonFiniteAt };
}

const RAW = { first: F.first, min: F.min, max: F.max, last: F.last } as const;
/** A tile has no first smoothed value; the last one stands for it, less than a pixel away. */
const SMOOTH = { first: F.smoothLast, min: F.smoothMin, max: F.smoothMax, last: F.smoothLast } as const;

/** Collects buckets that fall into one column and writes each column once. Fields instead of closures: this runs 100 000 times a frame. */
class ColumnPath {
  columns = 0;
  readonly nonFiniteAt: number[] = [];
  readonly #pen: LinePen;
  readonly #area: PlotArea;
  readonly #exactEnds: boolean;
  #open = false;
  #broken = true;
  #column = 0;
  #xFirst = 0;
  #xLast = 0;
  #first = 0;
  #min = 0;
  #max = 0;
  #last = 0;

  constructor(pen: LinePen, area: PlotArea, exactEnds: boolean) {
    this.#pen = pen;
    this.#area = area;
    this.#exactEnds = exactEnds;
  }

  add(column: number, xFirst: number, xLast: number, first: number, min: number, max: number, last: number): void {
    if (this.#open && column === this.#column) {
      if (min < this.#min) this.#min = min;
      if (max > this.#max) this.#max = max;
      this.#xLast = xLast;
      this.#last = last;
      return;
    }
    this.flush();
    this.#open = true;
    this.#column = column;
    this.#xFirst = xFirst;
    this.#xLast = xLast;
    this.#first = first;
    this.#min = min;
    this.#max = max;
    this.#last = last;
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
    if (this.#min === this.#max) this.#flat(left);
    else if (this.#exactEnds) this.#exact(left);
    else this.#span((left + pixelOf(this.#area.x, this.#xLast)) / 2);
  }

  #flat(left: number): void {
    const y = this.#y(this.#min);
    this.#to(left, y);
    if (this.#xLast !== this.#xFirst) this.#to(pixelOf(this.#area.x, this.#xLast), y);
  }

  #exact(left: number): void {
    const right = pixelOf(this.#area.x, this.#xLast);
    this.#to(left, this.#y(this.#first));
    this.#span((left + right) / 2);
    this.#to(right, this.#y(this.#last));
  }

  /** Rising columns go from the least to the greatest value, falling ones back: the path stays short. */
  #span(x: number): void {
    const rising = this.#last >= this.#first;
    this.#to(x, this.#y(rising ? this.#min : this.#max));
    this.#to(x, this.#y(rising ? this.#max : this.#min));
  }

  #to(x: number, y: number): void {
    if (this.#broken) this.#pen.moveTo(x, y);
    // A point alone between gaps still leaves a mark when caps are round or square.
    this.#broken = false;
    this.#pen.lineTo(x, y);
  }

  /** On a log axis values that are not positive lie far below the frame, so that a line leaves it downwards. */
  #y(value: number): number {
    const { y } = this.#area;
    if (!y.log) return y.offset + y.scale * value;
    return value > 0 ? y.offset + y.scale * Math.log10(value) : BELOW;
  }
}

const BELOW = 1e5;
