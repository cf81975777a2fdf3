import type { Json, JsonObject } from '../../domain/json.ts';
import type { ScalarBatch } from '../../domain/records.ts';

/** A piece of a file, beginning at a record. `bytes[end]` is a line feed that belongs to the buffer, not to the file, so that every scan finds an end. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** Offset in the file of the first byte. */
  readonly offset: number;
  /** The file has been left alone for long: its last record is whole though no line feed ends it. */
  readonly isSettled: boolean;
}

/** Turns the records of a text file into columns, a piece at a time. */
export interface RecordScan {
  /** Takes the whole records of a piece and gives back how many of its bytes they are. */
  scan(piece: Piece): number;
  /** The rows since the last call. */
  take(): readonly ScalarBatch[];
  /** What was wrong since the last call. */
  takeProblems(): readonly ScanProblem[];
  /** How many bytes at the file's head must never change. Known once anything was taken. */
  readonly headLength: number;
  /** What it must know to go on, as a plain tree. */
  state(): Json;
  /** What the file says of the run beside its rows. */
  readonly config: JsonObject | undefined;
  readonly lastStep: number;
  /** Wall times of the first and last row that had one. */
  readonly firstTime: number | undefined;
  readonly lastTime: number | undefined;
  /** Leaves out a record that is longer than memory allows, and goes on at the next line. */
  skipLine(): void;
}

export interface ScanProblem {
  readonly offset: number;
  readonly message: string;
}

/** Keeps the first problem of each kind in words and counts the others, since a damaged file has as many as lines. */
export class ScanProblems {
  #kept: ScanProblem[] = [];
  #more = 0;
  static readonly #most = 20;

  add(offset: number, message: string): void {
    if (this.#kept.length < ScanProblems.#most) this.#kept.push({ offset, message });
    else this.#more++;
  }

  take(): readonly ScanProblem[] {
    const last = this.#kept.at(-1);
    if (last !== undefined && this.#more > 0) {
      this.#kept.push({ offset: last.offset, message: `There are ${this.#more} more problems like these.` });
    }
    const taken = this.#kept;
    this.#kept = [];
    this.#more = 0;
    return taken;
  }
}

/** Follows steps and times from row to row: a row without a step has the one before it, and a file without any counts its rows. */
export class RowMemory {
  rows: number;
  /** NaN before the first step. */
  lastStep: number;
  firstTime: number;
  lastTime: number;

  constructor(state: Json | undefined) {
    const kept = Array.isArray(state) ? state.map((value) => (typeof value === 'number' ? value : Number.NaN)) : [];
    this.rows = kept[0] ?? 0;
    this.lastStep = kept[1] ?? Number.NaN;
    this.firstTime = kept[2] ?? Number.NaN;
    this.lastTime = kept[3] ?? Number.NaN;
  }

  /** The step of the next row, of which `told` is what the row says itself, NaN where it says nothing. */
  next(told: number, time: number): number {
    // The sum makes 0 of -0, which JSON, that keeps the state, does not know.
    if (Number.isFinite(told)) this.lastStep = told + 0;
    if (!Number.isNaN(time)) {
      if (Number.isNaN(this.firstTime)) this.firstTime = time;
      this.lastTime = time;
    }
    const row = this.rows++;
    return Number.isNaN(this.lastStep) ? row : this.lastStep;
  }

  state(): Json {
    return [
      this.rows,
      ...[this.lastStep, this.firstTime, this.lastTime].map((value) => (Number.isNaN(value) ? null : value)),
    ];
  }
}
