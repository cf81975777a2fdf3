import type { Column } from './columns.ts';
import type { JsonKey } from './jsonKeys.ts';
import type { JsonLeaf } from './jsonRecord.ts';
import type { Kernel } from './kernel.ts';

/** What follows the text of a part; assembly/records.ts has the same numbers. */
const kinds = { endOfRecord: 0, number: 1, plainText: 2, timeText: 3 } as const;
const wordsOfPart = 4;
/** More shapes than these are not tried one after the other: the oldest is forgotten. */
const mostShapes = 8;
/** Keys of a record that may tell its time: the kernel keeps room for so many texts. */
export const mostTimes = 8;

/** A value of a record that may tell its step or its time. `column` is its number among the columns of the set. */
export interface StepPart {
  readonly column: number;
  readonly rank: number;
}

export interface TimePart {
  readonly key: JsonKey;
  /** Undefined for a time that is a text. */
  readonly column: number | undefined;
}

/** How records look that differ in nothing but their values: the bytes between these, and what each value is. */
export interface JsonShape {
  readonly bytes: Uint8Array;
  readonly parts: readonly ShapePart[];
  /** Best rank first. */
  readonly steps: readonly StepPart[];
  /** In the order of the record. */
  readonly times: readonly TimePart[];
}

interface ShapePart {
  /** Where in the shape's bytes its text begins, and how long that is. */
  readonly start: number;
  readonly length: number;
  readonly kind: number;
  readonly column: number;
}

/** The shapes that the records of a file had lately. */
export class JsonShapes {
  readonly columns: Column[] = [];
  readonly all: JsonShape[] = [];
  readonly #numbers = new Map<Column, number>();
  #oldest = 0;

  /** Takes up the shape of the record in [start, end), whose values are the leaves; false where it has one that cannot be told by bytes. */
  learn(bytes: Uint8Array, start: number, end: number, leaves: readonly JsonLeaf[]): boolean {
    const numbers = leaves.flatMap(({ column }) => (column === undefined ? [] : [column]));
    const times = leaves.filter(({ key }) => key.mayBeTime);
    if (new Set(numbers).size < numbers.length || times.length > mostTimes) return false;
    const shape = this.#shapeOf(bytes, start, end, leaves);
    if (this.all.length < mostShapes) this.all.push(shape);
    else this.all[this.#oldest++ % mostShapes] = shape;
    return true;
  }

  /** Puts the shapes into the kernel and gives back the place of their list. */
  place(kernel: Kernel): number {
    const list = kernel.take(mostShapes * 4);
    this.all.forEach((shape, index) => {
      const [text, parts] = [kernel.take(shape.bytes.length), kernel.take(shape.parts.length * wordsOfPart * 4)];
      kernel.bytes.set(shape.bytes, text);
      const words = new Uint32Array(kernel.buffer, parts, shape.parts.length * wordsOfPart);
      shape.parts.forEach(({ start, length, kind, column }, at) => {
        words.set([text + start, length, kind, column], at * wordsOfPart);
      });
      new Uint32Array(kernel.buffer, list, mostShapes)[index] = parts;
    });
    return list;
  }

  #shapeOf(bytes: Uint8Array, start: number, end: number, leaves: readonly JsonLeaf[]): JsonShape {
    const parts: ShapePart[] = [];
    const steps: StepPart[] = [];
    const times: TimePart[] = [];
    let from = start;
    for (const { key, start: at, end: behind, column } of leaves) {
      // A text that names a part of the data decides about tags: it belongs to the shape.
      if (column === undefined && key.isPart) continue;
      const number = column === undefined ? undefined : this.#numberOf(column);
      const text = key.mayBeTime ? kinds.timeText : kinds.plainText;
      const kind = column === undefined ? text : kinds.number;
      parts.push({ start: from - start, length: at - from, kind, column: number ?? times.length });
      if (number !== undefined && key.stepRank >= 0) steps.push({ column: number, rank: key.stepRank });
      else if (key.mayBeTime) times.push({ key, column: number });
      from = behind;
    }
    parts.push({ start: from - start, length: end - from, kind: kinds.endOfRecord, column: 0 });
    return { bytes: bytes.slice(start, end), parts, steps: steps.sort((a, b) => a.rank - b.rank), times };
  }

  #numberOf(column: Column): number {
    let number = this.#numbers.get(column);
    if (number === undefined) {
      number = this.columns.push(column) - 1;
      this.#numbers.set(column, number);
    }
    return number;
  }
}
