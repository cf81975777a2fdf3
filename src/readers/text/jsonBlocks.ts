import type { RowClock } from './columns.ts';
import type { RecordReader } from './jsonRecord.ts';
import { type JsonShape, JsonShapes, mostTimes } from './jsonShapes.ts';
import { endings, sharedKernel } from './kernel.ts';
import { type KernelColumn, KernelColumns } from './kernelColumns.ts';
import { latin1 } from './latin1.ts';
import { wallTimeOf, wallTimeOfText } from './names.ts';

/** After so many records in a row that had a shape of their own, the next ones are not compared with any. */
const mostMisses = 16;
const pause = 64;

/** Ends a row: the best rank of the keys that told its step, that step, its time. Gives back whether the step is left out as a value. */
type FinishRow = (rank: number, step: number, time: number) => boolean;

/** Reads runs of records that look alike in the kernel. What it does not take is read by its caller, from whom it learns new shapes. */
export class JsonBlocks {
  readonly #shapes = new JsonShapes();
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  /** How far the kernel's memory is from the text's. */
  #base = 0;
  #room = 0;
  /** Undefined until the shapes stand in the kernel. */
  #placed: Placed | undefined;
  #misses = 0;
  #waits = 0;

  /** Takes up the text in [start, end), until another one is loaded. */
  load(bytes: Uint8Array, start: number, end: number): void {
    const kernel = sharedKernel();
    [this.#bytes, this.#end] = [bytes, end];
    this.#base = kernel.load(bytes, start, end);
    this.#room = kernel.mark();
    this.#placed = undefined;
  }

  /** Takes records from `start` on, as long as they have a shape that is known; gives back where the first other one begins, perhaps behind blanks. */
  scan(start: number, clock: RowClock, finishRow: FinishRow): number {
    if (this.#shapes.all.length === 0 || this.#waits > 0) return start;
    const { program } = sharedKernel();
    this.#placed ??= this.#place();
    const { block, shapes, shapeOfRow } = this.#placed;
    const count = this.#shapes.all.length;
    let at = start;
    do {
      const first = clock.count;
      block.begin(first);
      at = program.scanRecords(this.#base + at, this.#base + this.#end, shapes, count, shapeOfRow) - this.#base;
      if (block.endRow > first) this.#absorb(this.#placed, first, finishRow);
    } while (program.reason.value === endings.full);
    return at;
  }

  /** Learns the shape of the record in [start, end), which the reader has just read since `scan` did not take it. */
  learn(start: number, end: number, { leaves, hasOthers }: RecordReader): void {
    if (this.#waits > 0) {
      this.#waits--;
      return;
    }
    this.#misses++;
    if (this.#misses > mostMisses) [this.#waits, this.#misses] = [pause, 0];
    else if (!hasOthers && this.#shapes.learn(this.#bytes, start, end, leaves)) this.#placed = undefined;
  }

  #place(): Placed {
    const kernel = sharedKernel();
    kernel.rewind(this.#room);
    const shapes = this.#shapes.place(kernel);
    const block = new KernelColumns(kernel, this.#shapes.columns.length);
    return { shapes, block, shapeOfRow: kernel.take(block.capacity) };
  }

  /** Takes over the rows of a block. */
  #absorb({ block, shapeOfRow }: Placed, firstRow: number, finishRow: FinishRow): void {
    this.#misses = 0;
    const columns = this.#shapes.columns.map((_, index) => block.column(index));
    const texts = this.#timeTexts(block);
    const shapeNumbers = sharedKernel().bytes.subarray(shapeOfRow);
    const endRow = block.endRow;
    for (let row = firstRow; row < endRow; row++) {
      const shape = this.#shapes.all[shapeNumbers[row - firstRow]!]!;
      const time = shape.times.length === 0 ? Number.NaN : timeOf(shape, row, columns, texts);
      finishWithStep(shape, row, time, columns, finishRow);
    }
    columns.forEach((column, index) => {
      column.appendTo(this.#shapes.columns[index]!);
    });
  }

  #timeTexts(block: KernelColumns): ReadonlyMap<number, string> {
    const texts = new Map<number, string>();
    block.eachText((row, index, _place, start, stop) => {
      texts.set(textKey(row, index), latin1(this.#bytes, start - this.#base, stop - this.#base));
    });
    return texts;
  }
}

interface Placed {
  /** Places in the kernel: the list of shapes, and which of them each row of a block has. */
  readonly shapes: number;
  readonly shapeOfRow: number;
  readonly block: KernelColumns;
}

function textKey(row: number, index: number): number {
  return row * mostTimes + index;
}

/** The time of a row: of numbers the first that is one, which is then no value; a text that is a time counts more. */
function timeOf(
  { times }: JsonShape,
  row: number,
  columns: readonly KernelColumn[],
  texts: ReadonlyMap<number, string>,
): number {
  let time = Number.NaN;
  times.forEach(({ key, column }, index) => {
    if (column === undefined) {
      time = wallTimeOfText(texts.get(textKey(row, index)) ?? '') ?? time;
      return;
    }
    const value = columns[column]!.at(row);
    if (value === undefined) return;
    const told = wallTimeOf(value);
    key.isTime ??= told !== undefined;
    const isTaken = key.isTime && told !== undefined;
    columns[column]!.pass(!isTaken);
    if (isTaken && Number.isNaN(time)) time = told;
  });
  return time;
}

/** Ends a row with the step that its best key tells. */
function finishWithStep(
  { steps }: JsonShape,
  row: number,
  time: number,
  columns: readonly KernelColumn[],
  finishRow: FinishRow,
): void {
  for (const { column, rank } of steps) {
    const step = columns[column]!.at(row);
    if (step === undefined || !Number.isFinite(step)) continue;
    columns[column]!.pass(!finishRow(rank, step, time));
    return;
  }
  finishRow(Number.POSITIVE_INFINITY, Number.NaN, time);
}
