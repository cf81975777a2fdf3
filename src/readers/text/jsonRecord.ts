import type { Column } from './columns.ts';
import { readDecimal } from './decimal.ts';
import { ColumnTable, type JsonKey, JsonKeys, partPrefix } from './jsonKeys.ts';
import { behindItem, broken, cut, endOfString, endOfWord, passColon, passSpace, passValue } from './jsonSyntax.ts';
import { latin1 } from './latin1.ts';
import { numberOfWord, wallTimeOf, wallTimeOfText } from './names.ts';

const quote = 34;
const space = 32;
const openBrace = 123;
const closeBrace = 125;
const deepest = 16;

/** A number, word or text of a record, with the bytes [start, end) that hold it. */
export interface JsonLeaf {
  readonly key: JsonKey;
  readonly start: number;
  readonly end: number;
  /** Where a number goes; undefined for a text. */
  readonly column: Column | undefined;
}

/** Reads a record of whatever shape into columns. */
export class RecordReader {
  readonly columns = new ColumnTable();
  readonly keys = new JsonKeys('');
  // Of the record that was read last.
  /** How well the best key told the step, that step, and where it went; infinite, NaN and undefined where no key did. */
  rank = Number.POSITIVE_INFINITY;
  step = Number.NaN;
  stepColumn: Column | undefined;
  /** Seconds since 1970, NaN without a time. */
  time = Number.NaN;
  /** The values in their order. */
  readonly leaves: JsonLeaf[] = [];
  /** It also has values that are no leaves, such as arrays. */
  hasOthers = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #row = 0;

  /** Reads the record at `start` as this row; gives back where it ends, or `cut` or `broken`, and then nothing of it is in the columns. */
  read(bytes: Uint8Array, start: number, end: number, row: number): number {
    [this.#bytes, this.#end, this.#row] = [bytes, end, row];
    this.columns.prefix = '';
    let next = this.#try(start);
    if (next >= 0 && this.columns.prefix !== '') {
      // The part of the data was named somewhere in the record: its numbers before that have the wrong tags.
      this.#undo();
      next = this.#try(start);
    }
    if (next < 0) this.#undo();
    return next;
  }

  #try(start: number): number {
    this.rank = Number.POSITIVE_INFINITY;
    this.step = Number.NaN;
    this.time = Number.NaN;
    this.stepColumn = undefined;
    this.leaves.length = 0;
    this.hasOthers = false;
    return this.#object(start, this.keys, 0);
  }

  #undo(): void {
    for (const column of this.columns.all) column.undo(this.#row);
  }

  /** Reads the object at `start`; gives back where it ends, or `cut`, or `broken`. */
  #object(start: number, keys: JsonKeys, depth: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = passSpace(bytes, start + 1, end);
    if (bytes[at] === closeBrace && at < end) return at + 1;
    let before: JsonKey | undefined;
    for (;;) {
      if (bytes[at] !== quote) at = passSpace(bytes, at, end);
      const key = this.#key(at, keys, before);
      if (key === undefined) return this.#whyNoKey(at);
      at = passColon(bytes, at + key.raw.length + 2, end);
      if (at >= 0) at = this.#value(at, key, depth);
      if (at >= 0) at = behindItem(bytes, at, end, closeBrace);
      if (at < 0) return at;
      if (bytes[at] === closeBrace) return at + 1;
      if (bytes[at] === space) at++;
      before = key;
    }
  }

  #whyNoKey(at: number): number {
    if (at >= this.#end) return cut;
    return this.#bytes[at] === quote ? endOfString(this.#bytes, at + 1, this.#end) : broken;
  }

  /** The key whose opening quote is at `at`; undefined where there is none, or where it does not end. */
  #key(at: number, keys: JsonKeys, before: JsonKey | undefined): JsonKey | undefined {
    const bytes = this.#bytes;
    if (bytes[at] !== quote || at >= this.#end) return undefined;
    const start = at + 1;
    const guess = before === undefined ? keys.first : before.successor;
    if (guess !== undefined && start + guess.raw.length < this.#end && isAt(guess.raw, bytes, start)) return guess;
    const close = endOfString(bytes, start, this.#end);
    return close < 0 ? undefined : keys.find(bytes, start, close, before);
  }

  #value(at: number, key: JsonKey, depth: number): number {
    const bytes = this.#bytes;
    const byte = bytes[at]!;
    if (byte === openBrace && depth < deepest) return this.#object(at, key.children, depth + 1);
    if (byte === quote) return this.#leaf(at, this.#text(at + 1, key), key, undefined);
    if (byte < 45 || byte > 123 || byte === 91) {
      this.hasOthers = true;
      return passValue(bytes, at, this.#end);
    }
    const column = key.column(this.columns);
    return this.#leaf(at, this.#number(at, key, column), key, column);
  }

  #leaf(start: number, end: number, key: JsonKey, column: Column | undefined): number {
    if (end >= 0) this.leaves.push({ key, start, end, column });
    return end;
  }

  #number(at: number, key: JsonKey, column: Column): number {
    const bytes = this.#bytes;
    if (column.count === column.values.length) column.grow();
    const next = readDecimal(bytes, at, column.values, column.count);
    if (next > at && next < this.#end && endsNumber(bytes[next]!)) {
      this.#accept(column, key);
      return next;
    }
    return this.#word(at, key);
  }

  /** true, false, null, NaN, Infinity, -Infinity. */
  #word(at: number, key: JsonKey): number {
    const stop = endOfWord(this.#bytes, at, this.#end);
    if (stop < 0) return stop;
    const word = latin1(this.#bytes, at, stop);
    const value = numberOfWord(word);
    if (value !== undefined) this.#put(key, value);
    else if (word !== 'true' && word !== 'false' && word !== 'null') return broken;
    return stop;
  }

  #text(start: number, key: JsonKey): number {
    const close = endOfString(this.#bytes, start, this.#end);
    if (close < 0) return close;
    const length = close - start;
    if (length > 40) return close + 1;
    if (key.isPart) this.columns.prefix = partPrefix(latin1(this.#bytes, start, close)) || this.columns.prefix;
    else if (key.mayBeTime) {
      const time = wallTimeOfText(latin1(this.#bytes, start, close));
      if (time !== undefined) this.time = time;
    } else if (length < 10) {
      const value = numberOfWord(latin1(this.#bytes, start, close));
      if (value !== undefined) this.#put(key, value);
    }
    return close + 1;
  }

  #put(key: JsonKey, value: number): void {
    const column = key.column(this.columns);
    if (column.count === column.values.length) column.grow();
    column.values[column.count] = value;
    this.#accept(column, key);
  }

  /** Takes the value that was written behind the last one of its column. Of a key that stands twice in an object, the last value counts. */
  #accept(column: Column, key: JsonKey): void {
    const value = column.values[column.count]!;
    if (column.has(this.#row)) column.values[column.count - 1] = value;
    else column.accept(this.#row);
    if (key.stepRank >= 0 && key.stepRank < this.rank && Number.isFinite(value)) {
      this.rank = key.stepRank;
      this.step = value;
      this.stepColumn = column;
    } else if (key.mayBeTime) this.#acceptTime(column, key, value);
  }

  #acceptTime(column: Column, key: JsonKey, value: number): void {
    const told = wallTimeOf(value);
    // The first value tells whether the key holds times of day or, say, seconds since the start.
    key.isTime ??= told !== undefined;
    if (!key.isTime || told === undefined) return;
    column.undo(this.#row);
    if (Number.isNaN(this.time)) this.time = told;
  }
}

function isAt(raw: Uint8Array, bytes: Uint8Array, start: number): boolean {
  const length = raw.length;
  if (bytes[start + length] !== quote) return false;
  for (let index = 0; index < length; index++) if (raw[index] !== bytes[start + index]) return false;
  return true;
}

/** Comma, closing brace or bracket, or space. */
function endsNumber(byte: number): boolean {
  return byte === 44 || byte === 125 || byte === 93 || byte <= 32;
}
