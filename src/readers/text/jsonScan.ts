import type { Json, JsonObject } from '../../domain/json.ts';
import type { ScalarBatch } from '../../domain/records.ts';
import { RowClock } from './columns.ts';
import { JsonBlocks } from './jsonBlocks.ts';
import { RecordReader } from './jsonRecord.ts';
import { cut } from './jsonSyntax.ts';
import { isCounter } from './names.ts';
import { type Piece, type RecordScan, RowMemory, type ScanProblem, ScanProblems } from './recordScan.ts';

const openBrace = 123;
const lineFeed = 10;
const headBytes = 64;

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
  readonly #reader = new RecordReader();
  readonly #blocks = new JsonBlocks();
  readonly #problems = new ScanProblems();
  /** The best rank that any key had so far: a record without such a key has the step of the one before. */
  #bestRank: number;
  #skipsLine: boolean;
  #toldText: boolean;
  #isRefused: boolean;

  constructor(state: Json | undefined) {
    const kept = isObject(state) ? state : {};
    this.#memory = new RowMemory(kept['rows']);
    this.headLength = typeof kept['headLength'] === 'number' ? kept['headLength'] : 0;
    this.#bestRank = typeof kept['rank'] === 'number' ? kept['rank'] : Number.POSITIVE_INFINITY;
    this.#skipsLine = kept['skips'] === true;
    this.#toldText = kept['text'] === true;
    this.#isRefused = kept['refused'] === true;
    for (const [name, role] of Object.entries((kept['times'] ?? {}) as JsonObject)) {
      this.#reader.keys.findName(name).isTime = role === true;
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
    const times = [...this.#reader.keys.all].filter(({ isTime }) => isTime !== undefined);
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
    let at = offset === 0 ? this.#passMark(piece) : 0;
    if (this.#isRefused) return end;
    if (this.#skipsLine) at = this.#passLine(bytes, at, end);
    this.#blocks.load(bytes, at, end);
    for (;;) {
      at = this.#blocks.scan(at, this.#clock, (rank, step, time) => this.#finishRow(rank, step, time));
      at = passBlank(bytes, at, end);
      if (at >= end) break;
      const next = bytes[at] === openBrace ? this.#record(piece, at) : this.#passText(piece, at);
      if (next === cut) break;
      at = next;
    }
    this.headLength = Math.max(this.headLength, Math.min(headBytes, offset + at));
    return at;
  }

  take(): readonly ScalarBatch[] {
    return this.#clock.take(this.#reader.columns.all);
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

  #passLine(bytes: Uint8Array, at: number, end: number): number {
    const lineEnd = bytes.indexOf(lineFeed, at);
    if (lineEnd < 0 || lineEnd >= end) return end;
    this.#skipsLine = false;
    return lineEnd + 1;
  }

  /** A line that is no object. It is said once: some loggers print a greeting first. */
  #passText({ bytes, end, offset }: Piece, at: number): number {
    const lineEnd = bytes.indexOf(lineFeed, at);
    if (lineEnd < 0 || lineEnd >= end) return cut;
    if (!this.#toldText) {
      this.#toldText = true;
      this.#problems.add(offset + at, 'This line is no JSON object. Such lines are passed over.');
    }
    return lineEnd + 1;
  }

  /** Takes the record at `start`; gives back where it ends, or `cut`. A damaged one is passed over to the end of its line. */
  #record({ bytes, end, offset }: Piece, start: number): number {
    const reader = this.#reader;
    const row = this.#clock.count;
    const next = reader.read(bytes, start, end, row);
    if (next >= 0) {
      const hides = this.#finishRow(reader.rank, reader.step, reader.time);
      if (hides) reader.stepColumn?.undo(row);
      this.#blocks.learn(start, next, reader);
      return next;
    }
    const lineEnd = bytes.indexOf(lineFeed, start);
    if (next === cut || lineEnd < 0 || lineEnd >= end) return cut;
    this.#problems.add(offset + start, 'This record is damaged. It was passed over.');
    return lineEnd + 1;
  }

  /** Ends a row with the best rank of the keys that told its step, that step and its time. Gives back whether the step is left out as a value. */
  #finishRow(rank: number, step: number, time: number): boolean {
    const isBest = rank <= this.#bestRank;
    if (isBest) this.#bestRank = rank;
    this.#clock.push(this.#memory.next(isBest ? step : Number.NaN, time), time);
    return isBest && isCounter(rank);
  }
}

/** Spaces, line ends, and zeros that a crash or a network disk left behind. */
function passBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! <= 32) at++;
  return at;
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
