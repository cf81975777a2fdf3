import { GrowingColumn } from './growing.ts';

const blockShift = 4;
const blockSize = 1 << blockShift;

/** Smallest and largest finite value of a range; both NaN where the range holds none. */
export interface Extremes {
  min: number;
  max: number;
}

/**
 * Minima and maxima of blocks of 16, of 16 blocks, and so on, above a column of values. Extremes of any range cost a few dozen looks.
 * Non-finite values are passed over.
 */
export class Pyramid {
  readonly #levels: { readonly min: GrowingColumn; readonly max: GrowingColumn }[] = [];
  #length = 0;

  get byteLength(): number {
    return this.#levels.reduce((sum, { min, max }) => sum + min.byteLength + max.byteLength, 0);
  }

  /** Takes in the values from `from` on, after the column has grown or changed there. */
  update(values: Float64Array, from: number): void {
    this.#length = values.length;
    let first = from >> blockShift;
    let count = Math.ceil(values.length / blockSize);
    this.#level(0, count);
    for (let block = first; block < count; block++) this.#fillFromValues(values, block);
    for (let level = 1; count > blockSize; level++) {
      first >>= blockShift;
      count = Math.ceil(count / blockSize);
      this.#level(level, count);
      for (let block = first; block < count; block++) this.#fillFromBelow(level, block);
    }
  }

  /** Writes the extremes of `values[start … end)` into `into`. */
  query(values: Float64Array, start: number, end: number, into: Extremes): void {
    into.min = Number.POSITIVE_INFINITY;
    into.max = Number.NEGATIVE_INFINITY;
    let low = start;
    let high = Math.min(end, this.#length);
    if (high - low <= 2 * blockSize) {
      includeValues(values, low, high, into);
    } else {
      const lowBlock = (low + blockSize - 1) >> blockShift;
      const highBlock = high >> blockShift;
      includeValues(values, low, lowBlock << blockShift, into);
      includeValues(values, highBlock << blockShift, high, into);
      low = lowBlock;
      high = highBlock;
      this.#climb(low, high, into);
    }
    if (into.min > into.max) into.min = into.max = Number.NaN;
  }

  #climb(start: number, end: number, into: Extremes): void {
    let low = start;
    let high = end;
    for (let level = 0; low < high; level++) {
      const isTop = level === this.#levels.length - 1;
      const lowBlock = (low + blockSize - 1) >> blockShift;
      const highBlock = high >> blockShift;
      if (isTop || lowBlock >= highBlock) {
        this.#includeLevel(level, low, high, into);
        return;
      }
      this.#includeLevel(level, low, lowBlock << blockShift, into);
      this.#includeLevel(level, highBlock << blockShift, high, into);
      low = lowBlock;
      high = highBlock;
    }
  }

  #includeLevel(level: number, start: number, end: number, into: Extremes): void {
    const min = this.#levels[level]!.min.memory;
    const max = this.#levels[level]!.max.memory;
    for (let block = start; block < end; block++) {
      // Comparisons with NaN are false, so empty blocks are passed over.
      if (min[block]! < into.min) into.min = min[block]!;
      if (max[block]! > into.max) into.max = max[block]!;
    }
  }

  #level(level: number, count: number): void {
    this.#levels[level] ??= { min: new GrowingColumn(), max: new GrowingColumn() };
    this.#levels[level].min.resize(count);
    this.#levels[level].max.resize(count);
  }

  #fillFromValues(values: Float64Array, block: number): void {
    const extremes = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
    includeValues(values, block << blockShift, Math.min((block + 1) << blockShift, values.length), extremes);
    this.#set(0, block, extremes);
  }

  #fillFromBelow(level: number, block: number): void {
    const extremes = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
    const below = this.#levels[level - 1]!.min.length;
    this.#includeLevel(level - 1, block << blockShift, Math.min((block + 1) << blockShift, below), extremes);
    this.#set(level, block, extremes);
  }

  #set(level: number, block: number, { min, max }: Extremes): void {
    const isEmpty = min > max;
    this.#levels[level]!.min.memory[block] = isEmpty ? Number.NaN : min;
    this.#levels[level]!.max.memory[block] = isEmpty ? Number.NaN : max;
  }
}

function includeValues(values: Float64Array, start: number, end: number, into: Extremes): void {
  let { min, max } = into;
  for (let index = start; index < end; index++) {
    const value = values[index]!;
    if (value < min && value > Number.NEGATIVE_INFINITY) min = value;
    if (value > max && value < Number.POSITIVE_INFINITY) max = value;
  }
  into.min = min;
  into.max = max;
}
