import type { Column } from './columns.ts';
import type { Kernel } from './kernel.ts';

/** Takes a text that the kernel left to its caller: `place` says which of the column's values it would be; `start` and `stop` are places in the kernel's memory. */
export type TakeText = (row: number, column: number, place: number, start: number, stop: number) => void;

/** Values of a block are few enough to stay in the processor's cache. */
const mostValues = 1 << 17;
/** No power of two, so that the columns of a row do not compete for the same lines of that cache. */
const mostRows = 1021;
const leastRows = 17;
const leastTexts = 4096;
const wordsOfText = 5;
/** The row of a value that does not count. */
const nowhere = 0xffff_ffff;

/** The columns of a block of rows in the kernel's memory: packed values, each with its row. */
export class KernelColumns {
  /** How many rows a block may have. */
  readonly capacity: number;
  readonly #kernel: Kernel;
  readonly #width: number;
  readonly #mostTexts: number;
  readonly #values: number;
  readonly #rows: number;
  readonly #counts: number;
  readonly #texts: number;

  /** Takes its place in the kernel, until that is cleared. */
  constructor(kernel: Kernel, width: number) {
    this.#kernel = kernel;
    this.#width = width;
    this.capacity = Math.max(leastRows, Math.min(mostRows, Math.floor(mostValues / Math.max(1, width))));
    this.#mostTexts = Math.max(leastTexts, width);
    this.#values = kernel.take(width * this.capacity * 8);
    this.#rows = kernel.take(width * this.capacity * 4);
    this.#counts = kernel.take(width * 4);
    this.#texts = kernel.take(this.#mostTexts * wordsOfText * 4);
  }

  /** Begins a block, of which this is the first row. */
  begin(firstRow: number): void {
    const { program } = this.#kernel;
    const [values, rows, counts, texts] = [this.#values, this.#rows, this.#counts, this.#texts];
    program.begin(values, rows, counts, texts, this.#width, this.capacity, this.#mostTexts, firstRow);
  }

  /** The row behind the block's last one. */
  get endRow(): number {
    return this.#kernel.program.row.value;
  }

  eachText(take: TakeText): void {
    const count = this.#kernel.program.texts.value;
    const words = new Uint32Array(this.#kernel.buffer, this.#texts, count * wordsOfText);
    for (let at = 0; at < words.length; at += wordsOfText)
      take(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, words[at + 4]!);
  }

  column(index: number): KernelColumn {
    const { buffer } = this.#kernel;
    const count = new Uint32Array(buffer, this.#counts, this.#width)[index]!;
    const slot = index * this.capacity;
    return new KernelColumn(
      new Float64Array(buffer, this.#values + slot * 8, count),
      new Uint32Array(buffer, this.#rows + slot * 4, count),
    );
  }
}

/** A column of a block. Values can be looked at row by row and taken out on the way. */
export class KernelColumn {
  readonly #values: Float64Array;
  readonly #rows: Uint32Array;
  #read = 0;
  #kept = 0;

  constructor(values: Float64Array, rows: Uint32Array) {
    this.#values = values;
    this.#rows = rows;
  }

  set(place: number, value: number): void {
    this.#values[place] = value;
  }

  /** Leaves a place without a value, until the column is packed. */
  empty(place: number): void {
    this.#rows[place] = nowhere;
  }

  /** The column without its empty places. */
  packed(): KernelColumn {
    for (; this.#read < this.#values.length; this.#read++) {
      if (this.#rows[this.#read] !== nowhere) this.#keep(this.#read);
    }
    return new KernelColumn(this.#values.subarray(0, this.#kept), this.#rows.subarray(0, this.#kept));
  }

  /** The value of a row, or undefined where it has none. Rows are asked for in their order; values of those that were left out are kept. */
  at(row: number): number | undefined {
    while (this.#rows[this.#read]! < row) this.pass(true);
    return this.#rows[this.#read] === row ? this.#values[this.#read] : undefined;
  }

  /** Goes on behind the value that `at` gave, and keeps it or not. */
  pass(keeps: boolean): void {
    if (keeps) this.#keep(this.#read);
    this.#read++;
  }

  /** Adds the values to a column, but for those that were passed and not kept. */
  appendTo(column: Column): void {
    if (this.#kept === this.#read) this.#kept = this.#values.length;
    else for (; this.#read < this.#values.length; this.#read++) this.#keep(this.#read);
    if (this.#kept > 0) column.append(this.#values.subarray(0, this.#kept), this.#rows.subarray(0, this.#kept));
  }

  #keep(place: number): void {
    if (this.#kept !== place) {
      this.#values[this.#kept] = this.#values[place]!;
      this.#rows[this.#kept] = this.#rows[place]!;
    }
    this.#kept++;
  }
}
