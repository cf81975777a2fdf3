import type { Json, JsonObject } from '../../domain/json.ts';
import type { ScalarBatch } from '../../domain/records.ts';
import { Column, RowClock } from './columns.ts';
import { behindLine, cellText, endOfCell } from './csvCells.ts';
import { isRowIndex, readCsvHead, stepColumnOf } from './csvHead.ts';
import { readDecimal } from './decimal.ts';
import { isCounter, isTimeName, numberOfWord, stepRank, wallTimeOf, wallTimeOfText } from './names.ts';
import { type Piece, type RecordScan, RowMemory, type ScanProblem, ScanProblems } from './recordScan.ts';

const lineFeed = 10;
const carriageReturn = 13;
const space = 32;

/** Elements of arrays in a cell that become tags of their own: "[0.1, 0.2]" of Keras. */
const mostElements = 256;

/** What a cell may turn out to be, beside its end. */
const cut = -1;
const again = -2;

export interface CsvOptions {
  /** The tag of a column, where it is not the column's name. */
  readonly tagOf?: (name: string, index: number, names: readonly string[]) => string;
}

/**
 * Scans a table: a header, then a row per record. Empty cells are no values; a cell that is no number is left out; every other one is a value, in the
 * order of the file. The column with the best name for it gives the steps (see names.ts), and none of its own kind is kept beside it.
 */
export class CsvScan implements RecordScan {
  headLength = 0;
  config: JsonObject | undefined;
  readonly #tagOf: CsvOptions['tagOf'];
  readonly #memory: RowMemory;
  readonly #clock = new RowClock();
  readonly #problems = new ScanProblems();
  #names: string[] = [];
  #columns: Column[] = [];
  /** Columns of array elements by tag. */
  readonly #elements = new Map<string, Column>();
  #delimiter = 44;
  #stepIndex = -1;
  #hidesStep = false;
  /** Columns that may hold wall times: undefined until a value has told. */
  #timeRoles = new Map<number, boolean | undefined>();
  /** Seconds since 1970 to which column `t` adds, in a monitor file. */
  #timeBase = Number.NaN;
  #baseIndex = -1;
  #toldRagged = false;
  #isRefused = false;
  #skipsLine = false;

  constructor(state: Json | undefined, { tagOf }: CsvOptions = {}) {
    this.#tagOf = tagOf;
    const kept = isObject(state) ? state : {};
    this.#memory = new RowMemory(kept['rows']);
    if (!Array.isArray(kept['names'])) return;
    this.headLength = Number(kept['headLength']);
    this.#begin(kept['names'].map(String), Number(kept['delimiter']), kept['comment'] as JsonObject | undefined);
    for (const [index, role] of Object.entries((kept['times'] ?? {}) as JsonObject)) {
      this.#timeRoles.set(Number(index), role as boolean);
    }
    this.#toldRagged = kept['ragged'] === true;
    this.#isRefused = kept['refused'] === true;
    this.#skipsLine = kept['skips'] === true;
  }

  get lastStep(): number {
    return this.#memory.lastStep;
  }

  get firstTime(): number | undefined {
    return orUndefined(this.#memory.firstTime);
  }

  get lastTime(): number | undefined {
    return orUndefined(this.#memory.lastTime);
  }

  state(): Json {
    if (this.headLength === 0) return null;
    const times = [...this.#timeRoles].filter(([, role]) => role !== undefined);
    return {
      names: this.#names,
      delimiter: this.#delimiter,
      headLength: this.headLength,
      rows: this.#memory.state(),
      ...(times.length === 0 ? {} : { times: Object.fromEntries(times) as JsonObject }),
      ...(this.config === undefined ? {} : { comment: this.config }),
      ...(this.#toldRagged ? { ragged: true } : {}),
      ...(this.#isRefused ? { refused: true } : {}),
      ...(this.#skipsLine ? { skips: true } : {}),
    };
  }

  skipLine(): void {
    this.#skipsLine = true;
  }

  scan(piece: Piece): number {
    if (piece.end === 0) return 0;
    let at = 0;
    if (this.headLength === 0) {
      at = this.#readHead(piece);
      if (at === 0) return 0;
    }
    if (this.#isRefused) return piece.end;
    const { bytes, end, isSettled } = piece;
    const lastLine = isSettled ? end : bytes.lastIndexOf(lineFeed, end - 1) + 1;
    if (this.#skipsLine) at = this.#passLine(bytes, at, lastLine);
    while (at < lastLine) {
      const next = this.#row(piece, at);
      if (next < 0) break;
      at = next;
    }
    return Math.min(at, end);
  }

  take(): readonly ScalarBatch[] {
    return this.#clock.take([...this.#columns, ...this.#elements.values()]);
  }

  takeProblems(): readonly ScanProblem[] {
    return this.#problems.take();
  }

  #readHead({ bytes, end }: Piece): number {
    const head = readCsvHead(bytes, end);
    if (head === 'unfinished') return 0;
    if ('refused' in head) {
      this.#problems.add(0, head.refused);
      this.#isRefused = true;
      this.headLength = Math.min(end, 2);
      return end;
    }
    this.headLength = head.length;
    this.#begin(head.names, head.delimiter, head.comment);
    return head.length;
  }

  #begin(names: readonly string[], delimiter: number, comment: JsonObject | undefined): void {
    this.#names = [...names];
    this.#delimiter = delimiter;
    this.#columns = names.map((name, index) => this.#columnOf(name, index));
    this.#stepIndex = stepColumnOf(names);
    const stepName = names[this.#stepIndex];
    this.#hidesStep = stepName !== undefined && (isRowIndex(stepName) || isCounter(stepRank(stepName)!));
    names.forEach((name, index) => {
      if (isTimeName(name)) this.#timeRoles.set(index, undefined);
    });
    this.config = comment;
    const start = comment?.['t_start'];
    if (typeof start === 'number') [this.#timeBase, this.#baseIndex] = [start, names.indexOf('t')];
  }

  #columnOf(name: string, index: number): Column {
    const shown = name === '' ? `column ${index + 1}` : name;
    return new Column(this.#tagOf?.(shown, index, this.#names) ?? shown);
  }

  /** Takes the row at `start`; gives back where the next one begins, or -1 where this one is not whole yet. */
  #row(piece: Piece, start: number): number {
    const { bytes, end } = piece;
    const row = this.#clock.count;
    let at = start;
    // Zeros are holes that a crash or a network disk left behind.
    while (bytes[at] === 0 && at < end) at++;
    if (this.#isLineEnd(bytes, at)) return behindLine(bytes, at);
    for (let index = 0; ; index++) {
      at = this.#cell(piece, at, index, row);
      if (at < 0) return at === again ? this.#passLine(bytes, start, end) : this.#giveUp(row);
      if (bytes[at] !== this.#delimiter) break;
      at++;
    }
    if (at >= end && !piece.isSettled) return this.#giveUp(row);
    this.#finishRow(row);
    return behindLine(bytes, at);
  }

  /** Takes the cell at `start`; gives back where it ends, `cut` where it is not whole, `again` where it begins the header once more. */
  #cell(piece: Piece, start: number, index: number, row: number): number {
    const { bytes } = piece;
    let at = start;
    while (bytes[at] === space) at++;
    if (this.#isCellEnd(bytes[at]!)) return at;
    const column = this.#columns[index] ?? this.#widen(piece, start, index);
    if (column.count === column.values.length) column.grow();
    const next = readDecimal(bytes, at, column.values, column.count);
    if (next === at || !this.#isCellEnd(bytes[next]!)) return this.#textCell(piece, at, index, row);
    column.accept(row);
    return next;
  }

  #isCellEnd(byte: number): boolean {
    return byte === this.#delimiter || byte === lineFeed || byte === carriageReturn;
  }

  #isLineEnd(bytes: Uint8Array, at: number): boolean {
    const byte = bytes[at];
    return byte === lineFeed || (byte === carriageReturn && bytes[at + 1] === lineFeed);
  }

  #textCell({ bytes, end }: Piece, at: number, index: number, row: number): number {
    const stop = endOfCell(bytes, at, end, this.#delimiter);
    if (stop < 0) return cut;
    if (index === 0 && this.#isHeaderAgain(bytes, at, stop)) return again;
    const text = cellText(bytes, at, stop);
    const column = this.#columns[index]!;
    const value = numberOfWord(text) ?? numberIn(text);
    if (value !== undefined) column.push(row, value);
    else if (text.startsWith('[')) this.#pushElements(column.tag, text, row);
    else if (this.#timeRoles.has(index)) {
      const time = wallTimeOfText(text);
      if (time !== undefined) column.push(row, time);
    }
    return stop;
  }

  #pushElements(tag: string, text: string, row: number): void {
    const parts = text.replace(/^\[+|\]+$/g, '').split(/[\s,]+/);
    parts.slice(0, mostElements).forEach((part, index) => {
      const value = numberOfWord(part) ?? numberIn(part);
      if (value === undefined) return;
      const elementTag = `${tag}/${index}`;
      let column = this.#elements.get(elementTag);
      if (column === undefined) {
        column = new Column(elementTag);
        this.#elements.set(elementTag, column);
      }
      column.push(row, value);
    });
  }

  /** A logger that starts again in append mode writes its header once more. */
  #isHeaderAgain(bytes: Uint8Array, at: number, stop: number): boolean {
    const name = this.#names[0]!;
    return name !== '' && stop - at <= name.length * 3 + 2 && cellText(bytes, at, stop) === name;
  }

  #passLine(bytes: Uint8Array, at: number, end: number): number {
    const lineEnd = bytes.indexOf(lineFeed, at);
    if (lineEnd < 0 || lineEnd >= end) return end;
    this.#skipsLine = false;
    return lineEnd + 1;
  }

  /** The row has more cells than the header: they are kept under a number. */
  #widen({ offset }: Piece, start: number, index: number): Column {
    if (!this.#toldRagged) {
      this.#toldRagged = true;
      this.#problems.add(
        offset + start,
        `From here on the row has more cells than the header, which names ${this.#names.length}. They are shown as "column ${index + 1}" and so on.`,
      );
    }
    while (this.#columns.length <= index) {
      this.#names.push('');
      this.#columns.push(this.#columnOf('', this.#columns.length));
    }
    return this.#columns[index]!;
  }

  #giveUp(row: number): number {
    for (const column of this.#columns) column.undo(row);
    for (const column of this.#elements.values()) column.undo(row);
    return -1;
  }

  #finishRow(row: number): void {
    const time = this.#timeRoles.size === 0 && this.#baseIndex < 0 ? Number.NaN : this.#timeOf(row);
    let step = Number.NaN;
    const column = this.#columns[this.#stepIndex];
    if (column?.has(row)) {
      step = column.values[column.count - 1]!;
      if (this.#hidesStep) column.undo(row);
    }
    this.#clock.push(this.#memory.next(step, time), time);
  }

  #timeOf(row: number): number {
    let time = Number.NaN;
    for (const [index, known] of this.#timeRoles) {
      const column = this.#columns[index]!;
      if (known === false || !column.has(row)) continue;
      const told = wallTimeOf(column.values[column.count - 1]!);
      // The first value tells whether the column holds times of day or, say, seconds since the start.
      if (known === undefined) this.#timeRoles.set(index, told !== undefined);
      if (known !== true && told === undefined) continue;
      column.undo(row);
      if (told !== undefined && Number.isNaN(time)) time = told;
    }
    if (this.#baseIndex < 0) return time;
    const column = this.#columns[this.#baseIndex]!;
    return column.has(row) ? this.#timeBase + column.values[column.count - 1]! : time;
  }
}

/** "tensor(0.25, device='cuda:0')" and numbers in quotes. */
function numberIn(text: string): number | undefined {
  const inner = /^tensor\(([^,)]+)/.exec(text)?.[1] ?? text;
  if (!/^[-+]?(\d|\.\d)/.test(inner) || !/^[-+.\deE]+$/.test(inner)) return numberOfWord(inner);
  const value = Number(inner);
  return Number.isNaN(value) ? undefined : value;
}

function orUndefined(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
