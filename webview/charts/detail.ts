/** How fine to draw: the choices that keep a moving chart at the screen's frame rate. */
export interface Detail {
  /** Width of a drawn column in CSS pixels. */
  readonly stride: number;
  /** Line width in CSS pixels of lines that are short enough for it, see `LONG_PATH`. */
  readonly lineWidth: number;
  /** One device pixel: the only width that is cheap for long paths. */
  readonly hairline: number;
  /** Everything: dashes, dots, marks of values that are not finite. */
  readonly isFull: boolean;
}

/**
 * Paths longer than this many pixels are drawn as hairlines. Measured in Chromium without a GPU: 1200 upright strokes of 450 pixels take
 * 1.5 ms one device pixel wide, and 44 ms at one and a half, because wider lines are filled as polygons.
 */
export const LONG_PATH = 6000;
/** Above this many columns even short lines are hairlines. */
const COLUMNS_FOR_WIDE_LINES = 6000;
const LARGEST_STRIDE = 12;

/** Detail of a chart at rest: every pixel of the device. */
export function restDetail(columns: number, pixelRatio: number): Detail {
  const hairline = 1 / pixelRatio;
  const lineWidth = columns <= COLUMNS_FOR_WIDE_LINES ? Math.max(1.5, hairline) : hairline;
  return { stride: hairline, lineWidth, hairline, isFull: true };
}

/**
 * Detail of a chart while a gesture goes on: as at rest where that is cheap, else columns as wide as the budget of columns per frame asks.
 * @param columns columns that all lines of the chart take at one CSS pixel each
 * @param slowdown factor by which recent frames took longer than the screen allows, 1 when they did not
 */
export function movingDetail(columns: number, budget: number, pixelRatio: number, slowdown = 1): Detail {
  if (columns * slowdown <= COLUMNS_FOR_WIDE_LINES) return restDetail(columns, pixelRatio);
  const stride = Math.min(LARGEST_STRIDE, Math.max(1, Math.ceil((columns * slowdown) / budget)));
  return { stride, isFull: false, lineWidth: 1 / pixelRatio, hairline: 1 / pixelRatio };
}

/** Learns from frame times how much coarser moving charts must be drawn on this machine. */
export class FrameGovernor {
  readonly #lateMs: number;
  #slowdown = 1;
  #lateFrames = 0;
  #isResting = true;

  /** @param lateMs time between two frames from which on the first one was too much to draw */
  constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  get slowdown(): number {
    return this.#slowdown;
  }

  /** Tells how long after a frame of a gesture the next one came. One late frame may be chance, a second one is not. */
  record(ms: number): void {
    this.#isResting = false;
    if (ms <= this.#lateMs) return;
    this.#lateFrames += 1;
    if (this.#lateFrames % 2 === 0)
      this.#slowdown = Math.min(12, this.#slowdown * Math.min(1.5, ms / this.#lateMs + 0.1));
  }

  /** Tells that the gesture is over. The next one starts a little finer again; within a gesture the detail never flickers back and forth. */
  rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#lateFrames = 0;
    this.#slowdown = Math.max(1, this.#slowdown * 0.85);
  }
}
