import path from 'node:path';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { PollResult, ReaderCursor, ReaderProblem, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import type { OpenFile } from '../files/disk.ts';
import { givePiece, takePiece } from '../files/spareMemory.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { begunAt, isSettled, textLogStatus } from './life.ts';
import type { RecordScan } from './recordScan.ts';
import { openFile, positionAt, readFully, stateOf, stillHolds, type TailPosition, type TailState } from './tailFile.ts';

export interface TailReaderOptions {
  /** Absolute path. */
  readonly file: string;
  readonly makeScan: (state: Json | undefined) => RecordScan;
  /** Further facts, from files beside the log for instance. What it gives comes before what the log itself gives. */
  readonly facts?: (about: TailAbout) => Promise<RunFacts>;
  readonly now?: () => number;
}

/** What is known of the log when facts are asked for. */
export interface TailAbout {
  readonly state: TailState | undefined;
  readonly scan: RecordScan;
}

/** What the reader keeps between polls. */
interface TailCursor {
  readonly position: TailPosition;
  readonly scan: Json;
  /** It was seen to grow. */
  readonly grew: boolean;
  /** The last record was taken without the line feed that ends it. */
  readonly isOpen: boolean;
}

const version = 1;
const smallestPiece = 1 << 16;
const largestPiece = 1 << 20;
/** A line above this is passed over. */
const longestLine = 1 << 24;
const lineFeed = 10;
const carriageReturn = 13;

/** Reads a growing text file, record by record. A file that shrank, was replaced or rewritten is read anew. */
export class TailReader implements RunReader {
  readonly #options: TailReaderOptions;
  readonly #name: string;
  readonly #now: () => number;
  #told: RunFacts = {};
  /** How the file looked when it held nothing more, so that it is not opened for nothing. */
  #idle: string | undefined;
  #buffer = new Uint8Array(0);
  /** The scan of the last poll, and the cursor that it stands at: going on need not build it again. */
  #scan: { readonly scan: RecordScan; readonly at: string } | undefined;

  constructor(options: TailReaderOptions) {
    this.#options = options;
    this.#name = path.basename(options.file);
    this.#now = options.now ?? (() => Date.now() / 1000);
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    const state = await stateOf(this.#options.file);
    const piece = await this.#read(known, state, budget.maxBytes);
    const reset = piece.reset || (isCursor(cursor) && known === undefined);
    const life = { state, grew: piece.next?.grew ?? false, now: this.#now(), log: this.#name };
    const { firstTime } = piece.scan;
    const facts: RunFacts = {
      ...textLogStatus(life),
      ...(state === undefined ? {} : { createdAt: firstTime ?? begunAt(state) }),
      ...(firstTime === undefined ? {} : { startedAt: firstTime }),
      ...(piece.scan.config === undefined ? {} : { config: piece.scan.config }),
      ...(await this.#options.facts?.({ state, scan: piece.scan })),
    };
    const changed = changedFacts(!isCursor(cursor) || reset ? {} : this.#told, facts);
    this.#told = facts;
    return {
      cursor: piece.next === undefined ? null : writeCursor(piece.next),
      reset,
      more: piece.more,
      facts: changed,
      scalars: piece.scan.take(),
      media: [],
      problems: piece.problems,
    };
  }

  dispose(): void {
    this.#scan = undefined;
  }

  async #read(known: TailCursor | undefined, state: TailState | undefined, maxBytes: number): Promise<Reading> {
    if (state === undefined) return this.#nothing(known);
    const settled = isSettled(state, this.#now());
    const look = `${state.look}:${settled}:${known?.position.offset}`;
    if (look === this.#idle || state.size === 0) return this.#nothing(state.size === 0 ? undefined : known, known);
    const handle = await openFile(this.#options.file);
    if ('message' in handle) {
      const problem = { file: this.#name, message: `The file cannot be read: ${handle.message}` };
      return { ...this.#nothing(known), problems: [problem] };
    }
    try {
      return await this.#readFrom(handle, known, state, maxBytes, settled);
    } finally {
      // Nothing of it is needed until the next poll.
      this.#keepBuffer(new Uint8Array(0));
      await handle.close();
    }
  }

  #nothing(next: TailCursor | undefined, before = next): Reading {
    const scan = this.#scanAt(next);
    return { next, scan, more: false, reset: next === undefined && before !== undefined, problems: [] };
  }

  async #readFrom(
    handle: OpenFile,
    before: TailCursor | undefined,
    state: TailState,
    maxBytes: number,
    settled: boolean,
  ): Promise<Reading> {
    const holds = before === undefined || (await goesOn(handle, state, before));
    const known = holds ? before : undefined;
    const scan = this.#scanAt(known);
    const problems: ReaderProblem[] = [];
    const from = known?.position.offset ?? 0;
    const end = await this.#scanPieces(handle, scan, { from, size: state.size, maxBytes, settled });
    problems.push(...scan.takeProblems().map((problem) => ({ file: this.#name, ...problem })));
    const next: TailCursor = {
      position: await positionAt(handle, state, end.offset, scan.headLength),
      scan: scan.state(),
      grew: known !== undefined && (known.grew || end.offset > from),
      isOpen: end.isOpen,
    };
    this.#scan = { scan, at: JSON.stringify(next) };
    this.#idle = end.more ? undefined : `${state.look}:${settled}:${end.offset}`;
    return { next, scan, more: end.more, reset: !holds, problems };
  }

  /** Reads from an offset to the file's end, or until the budget is used up behind whole records. */
  async #scanPieces(handle: OpenFile, scan: RecordScan, span: Span): Promise<End> {
    const { from, size, maxBytes, settled } = span;
    let offset = from;
    let kept = 0;
    for (;;) {
      this.#makeRoom(kept, Math.min(largestPiece, Math.max(smallestPiece, maxBytes), size - offset - kept));
      const wanted = Math.min(this.#buffer.length - 1 - kept, size - offset - kept);
      const length = kept + (await readFully(handle, this.#buffer, kept, wanted, offset + kept));
      const atEnd = offset + length >= size || length < kept + wanted;
      this.#buffer[length] = lineFeed;
      const isSettled = settled && atEnd;
      const taken = scan.scan({ bytes: this.#buffer, end: length, offset, isSettled });
      const isOpen = isSettled && taken === length && taken > 0 && this.#buffer[taken - 1] !== lineFeed;
      offset += taken;
      kept = length - taken;
      if (atEnd) return { offset, more: false, isOpen };
      if (taken > 0 && offset - from >= maxBytes) return { offset, more: true, isOpen: false };
      if (kept >= longestLine) {
        scan.skipLine();
        offset += kept;
        kept = 0;
      }
      this.#buffer.copyWithin(0, taken, length);
    }
  }

  #makeRoom(kept: number, further: number): void {
    const needed = kept + further + 1;
    if (this.#buffer.length >= needed) return;
    const size = kept > 0 ? Math.max(needed, kept * 2) : needed;
    const larger = new Uint8Array(takePiece(size), 0, size);
    larger.set(this.#buffer.subarray(0, kept));
    this.#keepBuffer(larger);
  }

  /** The memory of the one before is for whoever reads next. */
  #keepBuffer(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#buffer.length > 0) givePiece(this.#buffer.buffer);
    this.#buffer = buffer;
  }

  #scanAt(cursor: TailCursor | undefined): RecordScan {
    if (cursor !== undefined && this.#scan?.at === JSON.stringify(cursor)) return this.#scan.scan;
    return this.#options.makeScan(cursor?.scan);
  }
}

interface Reading {
  readonly next: TailCursor | undefined;
  readonly scan: RecordScan;
  readonly more: boolean;
  readonly reset: boolean;
  readonly problems: readonly ReaderProblem[];
}

interface Span {
  readonly from: number;
  readonly size: number;
  readonly maxBytes: number;
  readonly settled: boolean;
}

interface End {
  readonly offset: number;
  readonly more: boolean;
  readonly isOpen: boolean;
}

/** Whether reading may go on from a cursor. A last line that was taken without its line feed must not have grown. */
async function goesOn(handle: OpenFile, state: TailState, cursor: TailCursor): Promise<boolean> {
  if (!(await stillHolds(handle, state, cursor.position))) return false;
  if (!cursor.isOpen || state.size === cursor.position.offset) return true;
  const next = new Uint8Array(1);
  await readFully(handle, next, 0, 1, cursor.position.offset);
  return next[0] === lineFeed || next[0] === carriageReturn;
}

/** A run whose file does not exist yet has a cursor of nothing. */
function isCursor(cursor: ReaderCursor | undefined): boolean {
  return cursor !== undefined && cursor !== null;
}

function writeCursor(cursor: TailCursor): JsonObject {
  return JSON.parse(JSON.stringify({ version, ...cursor })) as JsonObject;
}

function readCursor(cursor: ReaderCursor | undefined): TailCursor | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const { version: kept, position, scan, grew, isOpen } = cursor as JsonObject;
  if (kept !== version || position === null || typeof position !== 'object') return undefined;
  return {
    position: position as unknown as TailPosition,
    scan: scan ?? null,
    grew: grew === true,
    isOpen: isOpen === true,
  };
}
