/** A part of a sequence, in tokens from its start: [start, end). */
export interface Stretch {
  readonly sequence: number;
  readonly start: number;
  readonly end: number;
}

/** Where an example lies. It may be shorter than a window, at the end of its stretch. */
export interface WindowPlace {
  readonly sequence: number;
  readonly start: number;
  readonly length: number;
}

/**
 * The windows of all stretches, one after the other. A window begins every `stride` tokens from the start of a stretch until its end is reached, so the
 * last one may be shorter; no window crosses the border of a stretch.
 */
export class WindowIndex {
  readonly #stretches: readonly Stretch[];
  readonly #window: number;
  readonly #stride: number;
  /** Windows before each stretch, and of all of them at the end. */
  readonly #before: Float64Array;

  constructor(stretches: readonly Stretch[], window: number, stride: number) {
    this.#stretches = stretches;
    this.#window = window;
    this.#stride = stride;
    this.#before = new Float64Array(stretches.length + 1);
    stretches.forEach(({ start, end }, i) => {
      this.#before[i + 1] = this.#before[i]! + windowsOf(end - start, window, stride);
    });
  }

  get count(): number {
    return this.#before[this.#stretches.length]!;
  }

  /** @param index from 0 to count − 1 */
  at(index: number): WindowPlace {
    const found = this.#stretchOf(index);
    const { sequence, start, end } = this.#stretches[found]!;
    const from = start + (index - this.#before[found]!) * this.#stride;
    return { sequence, start: from, length: Math.min(this.#window, end - from) };
  }

  /** The last stretch with at most `index` windows before it. Stretches without a window have as many before them as the next one, so they are passed over. */
  #stretchOf(index: number): number {
    let low = 0;
    let high = this.#stretches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#before[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function windowsOf(length: number, window: number, stride: number): number {
  if (length <= 0) return 0;
  const untilEnd = Math.max(0, Math.ceil((length - window) / stride)) + 1;
  // With gaps between windows the last one could begin behind the end.
  return Math.min(untilEnd, Math.ceil(length / stride));
}
