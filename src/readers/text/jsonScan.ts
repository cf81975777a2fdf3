import type { Json, JsonObject } from '../../domain/json.ts';
import type { ScalarBatch } from '../../domain/records.ts';
import type { Column } from './columns.ts';
import { RowClock } from './columns.ts';
import { readDecimal } from './decimal.ts';
import { ColumnTable, type JsonKey, JsonKeys, partPrefix } from './jsonKeys.ts';
import { behindItem, broken, cut, endOfString, endOfWord, passColon, passSpace, passValue } from './jsonSyntax.ts';
import { isCounter, numberOfWord, wallTimeOf, wallTimeOfText } from './names.ts';
import { type Piece, type RecordScan, RowMemory, type ScanProblem, ScanProblems } from './recordScan.ts';

const quote = 34;
const space = 32;
const openBrace = 123;
const closeBrace = 125;
const lineFeed = 10;
const headBytes = 64;
const deepest = 16;

/**
 * Scans objects that follow one another, mostly one a line. Numbers are values, those of nested objects under names joined by "/"; bare NaN and
 * Infinity, as Python writes them, and the same as texts, are values too; other texts, arrays, true, false and null are none. A record with
 * `"mode": "val"` or the like has its tags under "val/". What is no object is passed over line by line.
 */
export class JsonScan implements RecordScan {
  headLength = 0;
  readonly config = undefined;
  readonly #memory: RowMemory;
  readonly #clock = new RowClock();
  readonly #columns = new ColumnTable();
  readonly #keys = new JsonKeys('');
  readonly #problems = new ScanProblems();
  /** The best rank that any key had so far: a record without such a key has the step of the one before. */
  #bestRank: number;
  #skipsLine: boolean;
  #toldText: boolean;
  #isRefused: boolean;
  // Of the record that is being read.
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #row = 0;
  #rank = Number.POSITIVE_INFINITY;
  #step = Number.NaN;
  #stepColumn: Column | undefined;
  #time = Number.NaN;

  constructor(state: Json | undefined) {
    const kept = isObject(state) ? state : {};
    this.#memory = new RowMemory(kept['rows']);
    this.headLength = typeof kept['headLength'] === 'number' ? kept['headLength'] : 0;
    this.#bestRank = typeof kept['rank'] === 'number' ? kept['rank'] : Number.POSITIVE_INFINITY;
    this.#skipsLine = kept['skips'] === true;
    this.#toldText = kept['text'] === true;
    this.#isRefused = kept['refused'] === true;
    for (const [name, role] of Object.entries((kept['times'] ?? {}) as JsonObject)) {
      this.#keys.findName(name).isTime = role === true;
    }
  }

  get lastStep(): number {
    return this.#memory.lastStep;
  }

  /** How many records there were. */
  get records(): number {
    return this.#memory.rows;
  }

  /** Whether any record gave its step. */
  get hasSteps(): boolean {
    return Number.isFinite(this.#bestRank);
  }

  get firstTime(): number | undefined {
    return Number.isNaN(this.#memory.firstTime) ? undefined : this.#memory.firstTime;
  }

  get lastTime(): number | undefined {
    return Number.isNaN(this.#memory.lastTime) ? undefined : this.#memory.lastTime;
  }

  state(): Json {
    const times = [...this.#keys.all].filter(({ isTime }) => isTime !== undefined);
    return {
      headLength: this.headLength,
      rows: this.#memory.state(),
      rank: Number.isFinite(this.#bestRank) ? this.#bestRank : null,
      ...(times.length === 0 ? {} : { times: Object.fromEntries(times.map(({ name, isTime }) => [name, isTime!])) }),
      ...(this.#skipsLine ? { skips: true } : {}),
      ...(this.#toldText ? { text: true } : {}),
      ...(this.#isRefused ? { refused: true } : {}),
    };
  }

  skipLine(): void {
    this.#skipsLine = true;
  }

  scan(piece: Piece): number {
    const { bytes, end, offset } = piece;
    if (end === 0) return 0;
    [this.#bytes, this.#end] = [bytes, end];
    let at = offset === 0 ? this.#passMark(piece) : 0;
    if (this.#isRefused) return end;
    if (this.#skipsLine) at = this.#passLine(at);
    for (;;) {
      at = passBlank(bytes, at, end);
      if (at >= end) break;
      const next = bytes[at] === openBrace ? this.#record(at, offset) : this.#passText(at, offset);
      if (next === cut) break;
      at = next;
    }
    this.headLength = Math.max(this.headLength, Math.min(headBytes, offset + at));
    return at;
  }

  take(): readonly ScalarBatch[] {
    return this.#clock.take(this.#columns.all);
  }

  takeProblems(): readonly ScanProblem[] {
    return this.#problems.take();
  }

  /** A byte order mark at the file's beginning. */
  #passMark({ bytes, end }: Piece): number {
    if (end >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))) {
      this.#problems.add(0, 'The file is UTF-16. Save it as UTF-8 to have it read.');
      this.#isRefused = true;
    }
    return end >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  #passLine(at: number): number {
    const lineEnd = this.#bytes.indexOf(lineFeed, at);
    if (lineEnd < 0 || lineEnd >= this.#end) return this.#end;
    this.#skipsLine = false;
    return lineEnd + 1;
  }

  /** A line that is no object. It is said once: some loggers print a greeting first. */
  #passText(at: number, offset: number): number {
    const lineEnd = this.#bytes.indexOf(lineFeed, at);
    if (lineEnd < 0 || lineEnd >= this.#end) return cut;
    if (!this.#toldText) {
      this.#toldText = true;
      this.#problems.add(offset + at, 'This line is no JSON object. Such lines are passed over.');
    }
    return lineEnd + 1;
  }

  /** Takes the record at `start`; gives back where it ends, or `cut`. A damaged one is passed over to the end of its line. */
  #record(start: number, offset: number): number {
    const columns = this.#columns;
    this.#row = this.#clock.count;
    columns.prefix = '';
    let end = this.#tryRecord(start);
    if (end >= 0 && columns.prefix !== '') {
      // The part of the data was named somewhere in the record: its numbers before that have the wrong tags.
      this.#undo();
      end = this.#tryRecord(start);
    }
    if (end >= 0) {
      this.#finishRow();
      return end;
    }
    this.#undo();
    const lineEnd = this.#bytes.indexOf(lineFeed, start);
    if (end === cut || lineEnd < 0 || lineEnd >= this.#end) return cut;
    this.#problems.add(offset + start, 'This record is damaged. It was passed over.');
    return lineEnd + 1;
  }

  #tryRecord(start: number): number {
    this.#rank = Number.POSITIVE_INFINITY;
    this.#step = Number.NaN;
    this.#time = Number.NaN;
    this.#stepColumn = undefined;
    return this.#object(start, this.#keys, 0);
  }

  #undo(): void {
    for (const column of this.#columns.all) column.undo(this.#row);
  }

  #finishRow(): void {
    const hides = this.#rank <= this.#bestRank && isCounter(this.#rank);
    if (this.#rank <= this.#bestRank) this.#bestRank = this.#rank;
    else this.#step = Number.NaN;
    if (hides) this.#stepColumn?.undo(this.#row);
    this.#clock.push(this.#memory.next(this.#step, this.#time), this.#time);
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
    if (byte === quote) return this.#text(at + 1, key);
    if (byte < 45 || byte > 123 || byte === 91) return passValue(bytes, at, this.#end);
    const column = key.column(this.#columns);
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
    if (key.isPart) this.#columns.prefix = partPrefix(latin1(this.#bytes, start, close)) || this.#columns.prefix;
    else if (key.mayBeTime) {
      const time = wallTimeOfText(latin1(this.#bytes, start, close));
      if (time !== undefined) this.#time = time;
    } else if (length < 10) {
      const value = numberOfWord(latin1(this.#bytes, start, close));
      if (value !== undefined) this.#put(key, value);
    }
    return close + 1;
  }

  #put(key: JsonKey, value: number): void {
    const column = key.column(this.#columns);
    if (column.count === column.values.length) column.grow();
    column.values[column.count] = value;
    this.#accept(column, key);
  }

  /** Takes the value that was written behind the last one of its column. Of a key that stands twice in an object, the last value counts. */
  #accept(column: Column, key: JsonKey): void {
    const value = column.values[column.count]!;
    if (column.has(this.#row)) column.values[column.count - 1] = value;
    else column.accept(this.#row);
    if (key.stepRank >= 0 && key.stepRank < this.#rank && Number.isFinite(value)) {
      this.#rank = key.stepRank;
      this.#step = value;
      this.#stepColumn = column;
    } else if (key.mayBeTime) this.#acceptTime(column, key, value);
  }

  #acceptTime(column: Column, key: JsonKey, value: number): void {
    const told = wallTimeOf(value);
    // The first value tells whether the key holds times of day or, say, seconds since the start.
    key.isTime ??= told !== undefined;
    if (!key.isTime || told === undefined) return;
    column.undo(this.#row);
    if (Number.isNaN(this.#time)) this.#time = told;
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

/** Spaces, line ends, and zeros that a crash or a network disk left behind. */
function passBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! <= 32) at++;
  return at;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
