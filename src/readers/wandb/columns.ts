import type { ScalarBatch } from '../../domain/records.ts';

/** The scalars of one tag that were read since they were last taken. */
export class Columns {
  readonly tag: string;
  count = 0;
  #steps = none;
  #wallTimes = none;
  #values = none;
  /** How many rows were taken last time: the next piece of a long log brings about as many. */
  #expected = 0;

  constructor(tag: string) {
    this.tag = tag;
  }

  push(step: number, wallTime: number, value: number): void {
    const at = this.count;
    if (at === this.#steps.length) this.#grow();
    this.#steps[at] = step;
    this.#wallTimes[at] = wallTime;
    this.#values[at] = value;
    this.count = at + 1;
  }

  /** Hands over the rows, in arrays of their own; the columns start empty again. */
  take(): ScalarBatch {
    const { tag, count } = this;
    const batch = {
      tag,
      steps: trim(this.#steps, count),
      wallTimes: trim(this.#wallTimes, count),
      values: trim(this.#values, count),
    };
    this.#expected = count;
    this.count = 0;
    this.#steps = none;
    this.#wallTimes = none;
    this.#values = none;
    return batch;
  }

  #grow(): void {
    const capacity = this.count === 0 ? Math.max(64, Math.ceil(this.#expected * 1.05)) : this.count * 2;
    this.#steps = enlarge(this.#steps, capacity);
    this.#wallTimes = enlarge(this.#wallTimes, capacity);
    this.#values = enlarge(this.#values, capacity);
  }
}

const none = new Float64Array(0);

/** Of the count's length: cut off in place where little is wasted, copied where much is. */
function trim(column: Float64Array<ArrayBuffer>, count: number): Float64Array {
  return count > column.length * 0.9 ? column.subarray(0, count) : column.slice(0, count);
}

function enlarge(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(column);
  return larger;
}
