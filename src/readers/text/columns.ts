import type { ScalarBatch } from '../../domain/records.ts';

const none = new Float64Array(0);

/** Values of one tag since the last batch. A column with a value in every row needs no list of its rows. */
export class Column {
  readonly tag: string;
  values = none;
  count = 0;
  /** The row of the last value; -1 where there is none. */
  lastRow = -1;
  /** The rows of the values, once a row had none. */
  #rows: Uint32Array | undefined;

  constructor(tag: string) {
    this.tag = tag;
  }

  /** Takes the value that was written at `values[count]` as the one of `row`. Rows come in order. */
  accept(row: number): void {
    if (this.#rows !== undefined || this.count !== row) this.#note(row);
    this.count++;
    this.lastRow = row;
  }

  push(row: number, value: number): void {
    if (this.count === this.values.length) this.grow();
    this.values[this.count] = value;
    this.accept(row);
  }

  /** Takes values of rows that come behind those it has. */
  append(values: Float64Array, rows: Uint32Array): void {
    const added = values.length;
    const next = this.count + added;
    while (this.values.length < next) this.grow();
    this.values.set(values, this.count);
    const last = rows[added - 1]!;
    const isWhole = this.#rows === undefined && rows[0] === this.count && last === next - 1;
    if (!isWhole) this.#rowsFor(next).set(rows, this.count);
    this.count = next;
    this.lastRow = last;
  }

  /** Whether the last value is of this row. */
  has(row: number): boolean {
    return this.lastRow === row;
  }

  /** Takes back the value of a row that turned out not to be whole. */
  undo(row: number): void {
    if (this.lastRow !== row) return;
    this.count--;
    this.lastRow = -1;
  }

  grow(): void {
    const larger = new Float64Array(Math.max(256, this.values.length * 2));
    larger.set(this.values);
    this.values = larger;
  }

  /** The values with the steps and times of their rows. Each array has a buffer of its own, to be transferred. */
  take(steps: Float64Array, times: Float64Array): ScalarBatch {
    const rows = this.#rows;
    const batch = {
      tag: this.tag,
      steps: rows === undefined ? steps.slice(0, this.count) : gather(steps, rows, this.count),
      wallTimes: rows === undefined ? times.slice(0, this.count) : gather(times, rows, this.count),
      values: this.values.slice(0, this.count),
    };
    this.clear();
    return batch;
  }

  clear(): void {
    this.count = 0;
    this.lastRow = -1;
    this.#rows = undefined;
  }

  #note(row: number): void {
    this.#rowsFor(this.count + 1)[this.count] = row;
  }

  /** The list of rows with room for so many, begun where there was none. */
  #rowsFor(count: number): Uint32Array {
    let rows = this.#rows;
    if (rows === undefined) {
      rows = new Uint32Array(Math.max(256, this.values.length, count));
      for (let index = 0; index < this.count; index++) rows[index] = index;
    } else if (rows.length < count) {
      const larger = new Uint32Array(Math.max(this.values.length, rows.length * 2, count));
      larger.set(rows);
      rows = larger;
    }
    this.#rows = rows;
    return rows;
  }
}

/** Steps and times of the rows since the last batch, which the columns share while they are read. */
export class RowClock {
  steps = new Float64Array(256);
  /** Seconds since 1970; NaN where the file gives no time. */
  times = new Float64Array(256);
  count = 0;

  push(step: number, time: number): void {
    if (this.count === this.steps.length) this.#grow();
    this.steps[this.count] = step;
    this.times[this.count] = time;
    this.count++;
  }

  /** The batches of the columns that have any value; all start anew. */
  take(columns: Iterable<Column>): ScalarBatch[] {
    const batches: ScalarBatch[] = [];
    for (const column of columns) if (column.count > 0) batches.push(column.take(this.steps, this.times));
    this.count = 0;
    return batches;
  }

  #grow(): void {
    const [steps, times] = [new Float64Array(this.count * 2), new Float64Array(this.count * 2)];
    steps.set(this.steps);
    times.set(this.times);
    [this.steps, this.times] = [steps, times];
  }
}

function gather(from: Float64Array, rows: Uint32Array, count: number): Float64Array {
  const to = new Float64Array(count);
  for (let index = 0; index < count; index++) to[index] = from[rows[index]!]!;
  return to;
}
