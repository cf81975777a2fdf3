/** How fine to draw: the choices that keep a moving chart at the screen's frame rate. Reasons and figures in ARCHITECTURE.md. */
export interface Detail {
  /** Width of a drawn column in CSS pixels. */
  readonly stride: number;
  /** Line width in CSS pixels. */
  readonly lineWidth: number;
  /** Draw first and last point of each column too. */
  readonly exactEnds: boolean;
}

/** Above this many columns wide lines cost ten times as much to fill as one device pixel does. */
const COLUMNS_FOR_WIDE_LINES = 8_000;
const LARGEST_STRIDE = 8;

/** Detail of a chart at rest: every pixel. */
export function restDetail(columns: number, pixelRatio: number): Detail {
  return { stride: 1, exactEnds: true, lineWidth: columns <= COLUMNS_FOR_WIDE_LINES ? 1.5 : 1 / pixelRatio };
}

/**
 * Detail of a chart while a gesture goes on: as at rest where that is cheap, else columns as wide as the budget of columns per frame asks.
 * @param columns columns that all lines of the chart take at one pixel each
 * @param slowdown factor by which recent frames took longer than the screen allows, 1 when they did not
 */
export function movingDetail(columns: number, budget: number, pixelRatio: number, slowdown = 1): Detail {
  if (columns <= COLUMNS_FOR_WIDE_LINES && slowdown <= 1) return restDetail(columns, pixelRatio);
  const stride = Math.min(LARGEST_STRIDE, Math.max(1, Math.ceil((columns * slowdown) / budget)));
  return { stride, exactEnds: false, lineWidth: 1 / pixelRatio };
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
      this.#slowdown = Math.min(8, this.#slowdown * Math.min(1.5, ms / this.#lateMs + 0.1));
  }

  /** Tells that the gesture is over. The next one starts a little finer again; within a gesture the detail never flickers back and forth. */
  rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#lateFrames = 0;
    this.#slowdown = Math.max(1, this.#slowdown * 0.85);
  }
}
