import type { Json, JsonObject } from '../../domain/json.ts';
import type { ScalarBatch } from '../../domain/records.ts';
import { Column, RowClock } from './columns.ts';
import { cellText, endOfCell } from './csvCells.ts';
import { isRowIndex, readCsvHead, stepColumnOf } from './csvHead.ts';
import { endings, sharedKernel } from './kernel.ts';
import { type KernelColumn, KernelColumns } from './kernelColumns.ts';
import { isCounter, isTimeName, numberOfWord, stepRank, wallTimeOf, wallTimeOfText } from './names.ts';
import { type Piece, type RecordScan, RowMemory, type ScanProblem, ScanProblems } from './recordScan.ts';

const lineFeed = 10;

/** Elements of arrays in a cell that become tags of their own: "[0.1, 0.2]" of Keras. */
const mostElements = 256;

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
  /** The first byte of the first column's name, 0 where it has none. */
  #headerByte = 0;
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
    return at < lastLine ? Math.min(end, this.#rows(piece, at, lastLine)) : Math.min(at, end);
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
    this.#headerByte = new TextEncoder().encode(names[0])[0] ?? 0;
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

  /** Takes the rows that begin in [start, last) of a piece, and gives back where the first one begins that was not taken. */
  #rows(piece: Piece, start: number, last: number): number {
    const { bytes, end, isSettled } = piece;
    const kernel = sharedKernel();
    const { program } = kernel;
    const base = kernel.load(bytes, start, end);
    const room = kernel.mark();
    let block = new KernelColumns(kernel, this.#columns.length);
    let at = start;
    /** A row of which it is known that it is not the header. */
    let known = -1;
    block.begin(this.#clock.count);
    for (;;) {
      const width = this.#columns.length;
      at =
        program.scanRows(
          base + at,
          base + last,
          base + end,
          isSettled,
          this.#delimiter,
          width,
          this.#headerByte,
          base + known,
        ) - base;
      const ending = program.reason.value;
      if (ending === endings.headerAgain && !this.#isHeaderAgain(piece, at)) {
        known = at;
        continue;
      }
      this.#absorb(block, bytes, base);
      if (ending === endings.headerAgain) at = this.#passLine(bytes, at, end);
      else if (ending === endings.wider) {
        if (!this.#widen(piece, at)) return at;
        kernel.rewind(room);
        block = new KernelColumns(kernel, this.#columns.length);
      } else if (ending !== endings.full) return at;
      block.begin(this.#clock.count);
    }
  }

  /** Takes over the rows of a block. */
  #absorb(block: KernelColumns, bytes: Uint8Array, base: number): void {
    const columns = this.#columns.map((_, index) => block.column(index));
    const gaps = new Set<number>();
    block.eachText((row, index, place, start, stop) => {
      const value = this.#textValue(cellText(bytes, start - base, stop - base), index, row);
      if (value !== undefined) return columns[index]!.set(place, value);
      columns[index]!.empty(place);
      gaps.add(index);
    });
    for (const index of gaps) columns[index] = columns[index]!.packed();
    const times = [...this.#timeRoles.keys()].map((index) => [index, columns[index]!] as const);
    const [stepColumn, baseColumn] = [columns[this.#stepIndex], columns[this.#baseIndex]];
    for (let row = this.#clock.count; row < block.endRow; row++) {
      let time = times.length === 0 ? Number.NaN : this.#timeOf(times, row);
      const sinceBase = baseColumn?.at(row);
      if (sinceBase !== undefined) time = this.#timeBase + sinceBase;
      if (baseColumn !== undefined && sinceBase !== undefined) baseColumn.pass(true);
      const step = stepColumn?.at(row);
      if (step !== undefined) stepColumn!.pass(!this.#hidesStep);
      this.#clock.push(this.#memory.next(step ?? Number.NaN, time), time);
    }
    columns.forEach((column, index) => {
      column.appendTo(this.#columns[index]!);
    });
  }

  /** The time of a row: the first one that its columns tell. Values that are times are no series. */
  #timeOf(columns: readonly (readonly [number, KernelColumn])[], row: number): number {
    let time = Number.NaN;
    for (const [index, column] of columns) {
      const value = column.at(row);
      if (value === undefined) continue;
      const told = wallTimeOf(value);
      // The first value tells whether the column holds times of day or, say, seconds since the start.
      const role = this.#timeRoles.get(index) ?? told !== undefined;
      this.#timeRoles.set(index, role);
      column.pass(!role);
      if (role && told !== undefined && Number.isNaN(time)) time = told;
    }
    return time;
  }

  /** What a cell means that is no plain number. Elements of arrays go into columns of their own. */
  #textValue(text: string, index: number, row: number): number | undefined {
    const value = numberOfWord(text) ?? numberIn(text);
    if (value !== undefined) return value;
    if (text.startsWith('[')) this.#pushElements(this.#columns[index]!.tag, text, row);
    return this.#timeRoles.has(index) ? wallTimeOfText(text) : undefined;
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

  /** Whether the row at `start` is the header: a logger that starts again in append mode writes it once more. */
  #isHeaderAgain({ bytes, end }: Piece, start: number): boolean {
    const at = passHoles(bytes, start, end);
    const stop = endOfCell(bytes, at, end, this.#delimiter);
    const name = this.#names[0]!;
    return stop - at <= name.length * 3 + 2 && cellText(bytes, at, stop) === name;
  }

  #passLine(bytes: Uint8Array, at: number, end: number): number {
    const lineEnd = bytes.indexOf(lineFeed, at);
    if (lineEnd < 0 || lineEnd >= end) return end;
    this.#skipsLine = false;
    return lineEnd + 1;
  }

  /** Makes columns for the cells of a row that the header does not name: they are shown under a number. False where the row is not whole yet. */
  #widen({ bytes, end, offset, isSettled }: Piece, start: number): boolean {
    const width = this.#columns.length;
    let at = passHoles(bytes, start, end);
    let lastIndex = width;
    let firstExtra: { readonly index: number; readonly at: number } | undefined;
    for (let index = 0; ; index++, at++) {
      const stop = endOfCell(bytes, at, end, this.#delimiter);
      if (stop < 0 || (stop >= end && !isSettled)) return false;
      if (index >= width && cellText(bytes, at, stop) !== '') {
        firstExtra ??= { index, at };
        lastIndex = index;
      }
      at = stop;
      if (bytes[stop] !== this.#delimiter) break;
    }
    if (!this.#toldRagged && firstExtra !== undefined) {
      this.#toldRagged = true;
      this.#problems.add(
        offset + firstExtra.at,
        `From here on the row has more cells than the header, which names ${this.#names.length}. They are shown as "column ${firstExtra.index + 1}" and so on.`,
      );
    }
    while (this.#columns.length <= lastIndex) {
      this.#names.push('');
      this.#columns.push(this.#columnOf('', this.#columns.length));
    }
    return true;
  }
}

/** Zeros are holes that a crash or a network disk left behind. */
function passHoles(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (bytes[at] === 0 && at < end) at++;
  return at;
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
