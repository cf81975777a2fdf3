import type { ScalarBatch } from '../../domain/records.ts';
import { enlargeColumn, trimColumn } from '../files/spareMemory.ts';

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

  /** Hands over the rows, in arrays of their own; the columns start empty again. `lent`: see PollBudget. */
  take(lent = false): ScalarBatch {
    const { tag, count } = this;
    const batch = {
      tag,
      steps: trimColumn(this.#steps, count, lent),
      wallTimes: trimColumn(this.#wallTimes, count, lent),
      values: trimColumn(this.#values, count, lent),
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
    this.#steps = enlargeColumn(this.#steps, capacity);
    this.#wallTimes = enlargeColumn(this.#wallTimes, capacity);
    this.#values = enlargeColumn(this.#values, capacity);
  }
}

const none = new Float64Array(0);
