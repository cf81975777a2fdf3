/**
 * Which part of each column later lines paint over. Lines are traced from the topmost down, and an upright stroke that lies behind those
 * traced before leaves no pixel, because all strokes of a column stand in the same column of device pixels. With hundreds of runs most
 * strokes are such ones; leaving them out changes nothing on the screen.
 */
export class Cover {
  readonly #top: Float64Array;
  readonly #bottom: Float64Array;
  /** What `take` found: the part that is to be drawn. */
  visibleTop = 0;
  visibleBottom = 0;

  /** @param columns number of columns of the chart */
  constructor(columns: number) {
    this.#top = new Float64Array(columns + 4).fill(Number.POSITIVE_INFINITY);
    this.#bottom = new Float64Array(columns + 4).fill(Number.NEGATIVE_INFINITY);
  }

  /** Whether any of the stroke is visible; which part, is in `visibleTop` and `visibleBottom`. The stroke then covers what lies behind it. */
  take(column: number, top: number, bottom: number): boolean {
    this.visibleTop = top;
    this.visibleBottom = bottom;
    const at = column + 2;
    if (at < 0 || at >= this.#top.length) return true;
    const coveredTop = this.#top[at]!;
    const coveredBottom = this.#bottom[at]!;
    if (bottom < coveredTop || top > coveredBottom) {
      // Two parts apart: the longer one is remembered, which is less than is covered, and so never too much.
      if (bottom - top > coveredBottom - coveredTop) this.#set(at, top, bottom);
      return true;
    }
    this.#set(at, Math.min(top, coveredTop), Math.max(bottom, coveredBottom));
    const isAbove = top < coveredTop;
    const isBelow = bottom > coveredBottom;
    if (isAbove && !isBelow) this.visibleBottom = coveredTop;
    if (isBelow && !isAbove) this.visibleTop = coveredBottom;
    return isAbove || isBelow;
  }

  #set(at: number, top: number, bottom: number): void {
    this.#top[at] = top;
    this.#bottom[at] = bottom;
  }
}
