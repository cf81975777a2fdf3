import type { Disposable } from '../../src/base/disposables.ts';
import { FrameGovernor } from './detail.ts';

/** A chart, seen by the scheduler. */
export interface DrawClient {
  /** Draws now, as finely as a moving chart may. Says whether a finer picture is still to come. */
  drawNow(): boolean;
  /** Works on the finer picture until about `deadline` (of `performance.now()`); true when it stands on the screen. */
  refine(deadline: number): boolean;
}

/** Milliseconds after the last gesture before charts are drawn in full. */
const QUIET_MS = 100;
const SLICE_MS = 9;
/** A frame of a gesture that comes later than this was too much to draw: a 60 Hz frame and a little jitter. */
const LATE_FRAME_MS = 20;

/**
 * Decides when charts draw: all that changed together in one animation frame, and full detail in small slices once gestures rest,
 * one chart after the other, so that the panel answers at any time.
 */
export class DrawScheduler implements Disposable {
  readonly #governor = new FrameGovernor(LATE_FRAME_MS);
  readonly #dirty = new Set<DrawClient>();
  readonly #coarse = new Set<DrawClient>();
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastGesture = Number.NEGATIVE_INFINITY;
  #charts = 1;
  #drawnAt: number | undefined;

  /** Charts that were drawn together in the latest frame: they share the budget of points. */
  get charts(): number {
    return this.#charts;
  }

  get slowdown(): number {
    return this.#governor.slowdown;
  }

  /** Whether a gesture went on a moment ago. */
  get isMoving(): boolean {
    return performance.now() - this.#lastGesture < QUIET_MS;
  }

  /** Tells that a gesture goes on. */
  gesture(): void {
    this.#lastGesture = performance.now();
  }

  /** Draws the chart in the next frame. */
  draw(client: DrawClient): void {
    this.#dirty.add(client);
    this.#coarse.delete(client);
    this.#request();
  }

  forget(client: DrawClient): void {
    this.#dirty.delete(client);
    this.#coarse.delete(client);
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#dirty.clear();
    this.#coarse.clear();
  }

  #request(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((at) => this.#onFrame(at));
  }

  #onFrame(at: number): void {
    this.#frame = 0;
    this.#measure(at);
    const clients = [...this.#dirty];
    this.#dirty.clear();
    const deadline = performance.now() + SLICE_MS;
    if (clients.length > 0) this.#charts = clients.length;
    for (const client of clients) {
      if (client.drawNow()) this.#coarse.add(client);
    }
    if (this.isMoving && clients.length > 0) {
      // The next frame tells how long this one took, with all that the browser does after our drawing.
      this.#drawnAt = at;
      this.#request();
    } else if (this.#coarse.size > 0) this.#refineSoon(deadline);
  }

  #measure(at: number): void {
    if (this.#drawnAt !== undefined) this.#governor.record(at - this.#drawnAt);
    this.#drawnAt = undefined;
    if (!this.isMoving) this.#governor.rest();
  }

  #refineSoon(deadline: number): void {
    if (this.isMoving) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#request(), QUIET_MS - (performance.now() - this.#lastGesture) + 1);
      return;
    }
    for (const client of this.#coarse) {
      if (performance.now() >= deadline) break;
      if (client.refine(deadline)) this.#coarse.delete(client);
    }
    if (this.#coarse.size > 0) this.#request();
  }
}
