import { Disposables } from '../../base/disposables.ts';

/** A person can read a value that changes once a second; VS Code is slow to draw and loses clicks while it does. */
const REST_MS = 1000;

/** Gathers rows that must be drawn again: at once after a rest, else together when the rest is over. */
export class RowPace<Row> extends Disposables {
  readonly #draw: (rows: readonly Row[]) => void;
  readonly #restMs: number;
  #waiting = new Set<Row>();
  #timer: NodeJS.Timeout | undefined;
  #drewAt = Number.NEGATIVE_INFINITY;

  constructor(draw: (rows: readonly Row[]) => void, restMs = REST_MS) {
    super();
    this.#draw = draw;
    this.#restMs = restMs;
    this.onDispose(() => clearTimeout(this.#timer));
  }

  redraw(rows: readonly Row[]): void {
    if (rows.length === 0 || this.isDisposed) return;
    for (const row of rows) this.#waiting.add(row);
    const rest = this.#drewAt + this.#restMs - performance.now();
    if (rest <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), rest);
  }

  /** Draws what waits, now. */
  flush(): void {
    this.#stop();
    if (this.#waiting.size === 0) return;
    const rows = [...this.#waiting];
    this.#waiting = new Set();
    this.#drewAt = performance.now();
    this.#draw(rows);
  }

  /** Everything has been drawn in another way. */
  clear(): void {
    this.#stop();
    this.#waiting = new Set();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
