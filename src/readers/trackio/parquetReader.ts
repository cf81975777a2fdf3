import path from 'node:path';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { FoundRun, PollResult, ReaderCursor, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { parseLocalTime } from '../files/localTime.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { configFacts } from './configFacts.ts';
import { type ExportFiles, filesOf, indexOf, type RowRanges } from './parquetExport.ts';
import { lookOfFile, type ParquetRow, withParquet } from './parquetFile.ts';
import { emptyRowState, type RowState, RunRows } from './runRows.ts';
import { trackioStatus } from './status.ts';

/** Exports are written whole: the same look of both files means that reading goes on, another one that it begins anew. */
interface ExportCursor {
  readonly look: string;
  /** Rows of the run that were read. */
  readonly metrics: number;
  readonly system: number;
  readonly rows: RowState;
}

const version = 1;
/** A row of an export is taken to cost this many bytes of a budget. */
const rowBytes = 256;
/** Columns of the tables that are not among what was logged. */
const ownColumns: ReadonlySet<string> = new Set([
  'id',
  'run_id',
  'run_name',
  'timestamp',
  'step',
  'log_id',
  'space_id',
  'created_at',
]);

/** Reads a run of an export to Parquet. */
export class TrackioParquetReader implements RunReader {
  readonly #run: FoundRun;
  readonly #files: ExportFiles;
  readonly #now: () => number;
  #told: RunFacts = {};
  #known: { readonly look: string; readonly facts: RunFacts } | undefined;
  #toldProblem = '';

  constructor(run: FoundRun, now: () => number = () => Date.now() / 1000) {
    this.#run = run;
    this.#files = filesOf(run.path);
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    const states = await Promise.all([this.#files.metrics, this.#files.system].map(lookOfFile));
    const look = states.map((state) => state?.look ?? '-').join('|');
    const isNew = known?.look !== look;
    const from = isNew ? { look, metrics: 0, system: 0, rows: emptyRowState } : known;
    const reset = isNew && cursor !== undefined && cursor !== null;
    try {
      const reading = await this.#read(from, Math.max(1, Math.floor(budget.maxBytes / rowBytes)));
      const facts = await this.#facts(reading.cursor, look, states[0]?.modifiedAt);
      const changed = changedFacts(known === undefined || reset ? {} : this.#told, facts);
      this.#told = facts;
      const next = { version, ...reading.cursor } as unknown as JsonObject;
      const problems = [...reading.rows.problems].map((message) => ({ file: path.basename(this.#run.path), message }));
      return { cursor: next, reset, more: reading.more, facts: changed, ...reading.taken, problems };
    } catch (error) {
      return this.#unreadable(cursor, error as Error);
    }
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  async #read(
    from: ExportCursor,
    maxRows: number,
  ): Promise<{ cursor: ExportCursor; rows: RunRows; taken: ReturnType<RunRows['take']>; more: boolean }> {
    const rows = new RunRows(from.rows);
    const metrics = await this.#readTable(this.#files.metrics, from.metrics, maxRows, (row) =>
      rows.takeMetrics(Number(row['step']), timeOf(row), loggedOf(row)),
    );
    const system = await this.#readTable(
      this.#files.system,
      from.system,
      maxRows - (metrics.count - from.metrics),
      (row) => rows.takeSystem(timeOf(row), loggedOf(row)),
    );
    const cursor = { look: from.look, metrics: metrics.count, system: system.count, rows: rows.state };
    return { cursor, rows, taken: rows.take(), more: metrics.more || system.more };
  }

  /** Takes rows of the run behind the first `from` ones. */
  async #readTable(
    file: string,
    from: number,
    maxRows: number,
    take: (row: ParquetRow) => void,
  ): Promise<{ readonly count: number; readonly more: boolean }> {
    const ranges = (await indexOf(file))?.runs.get(this.#run.key ?? '')?.ranges ?? [];
    const total = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
    const until = Math.min(total, from + Math.max(0, maxRows));
    if (until > from)
      await withParquet(file, async (parquet) => {
        for (const [start, end] of slice(ranges, from, until))
          for (const row of await parquet.read(start, end)) take(row);
      });
    return { count: Math.max(from, until), more: until < total };
  }

  async #facts({ rows }: ExportCursor, look: string, modifiedAt: number | undefined): Promise<RunFacts> {
    if (this.#known?.look !== look) this.#known = { look, facts: await this.#configFacts() };
    const { firstTime, lastTime, restarts } = rows;
    const { facts } = this.#known;
    return {
      ...facts,
      project: this.#files.project,
      ...(this.#run.key === undefined || this.#run.key === facts.name ? {} : { trackerId: this.#run.key }),
      ...(firstTime === null ? {} : { startedAt: firstTime, createdAt: facts.createdAt ?? firstTime }),
      ...(restarts.length === 0 ? {} : { restarts }),
      ...trackioStatus(lastTime, modifiedAt, this.#now()),
    };
  }

  async #configFacts(): Promise<RunFacts> {
    const key = this.#run.key ?? '';
    const name = (await indexOf(this.#files.metrics))?.runs.get(key)?.name;
    const range = (await indexOf(this.#files.configs))?.runs.get(key)?.ranges.at(-1);
    const row =
      range === undefined
        ? undefined
        : (await withParquet(this.#files.configs, (parquet) => parquet.read(range[1] - 1, range[1])))[0];
    return { ...(name === undefined ? {} : { name }), ...(row === undefined ? {} : configFacts(loggedOf(row))) };
  }

  #unreadable(cursor: ReaderCursor | undefined, error: Error): PollResult {
    const message = `This export cannot be read; it may be half copied: ${error.message}`;
    const problems = message === this.#toldProblem ? [] : [{ file: path.basename(this.#run.path), message }];
    this.#toldProblem = message;
    return { cursor: cursor ?? null, reset: false, more: false, facts: {}, scalars: [], media: [], problems };
  }
}

/** The part of the ranges from one row of the run to another. */
function slice(ranges: RowRanges, from: number, until: number): RowRanges {
  let before = 0;
  return ranges.flatMap(([start, end]) => {
    const first = start + Math.max(0, from - before);
    const last = Math.min(end, start + until - before);
    before += end - start;
    return first < last ? [[first, last] as const] : [];
  });
}

function timeOf(row: ParquetRow): number {
  return parseLocalTime(String(row['timestamp'])) ?? Number.NaN;
}

/** What was logged: all other columns that have a value. */
function loggedOf(row: ParquetRow): JsonObject {
  const entries = Object.entries(row).filter(
    ([name, value]) => !ownColumns.has(name) && value !== null && value !== undefined,
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, toJson(value)]));
}

/** Structures have all fields that any row has; those of this row are the ones with a value. */
function toJson(value: unknown): Json {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return (value ?? null) as Json;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, toJson);
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, toJson(item)]));
}

function readCursor(cursor: ReaderCursor | undefined): ExportCursor | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const tree = cursor as unknown as ExportCursor & { version?: unknown };
  const isWhole =
    tree.version === version &&
    typeof tree.look === 'string' &&
    typeof tree.metrics === 'number' &&
    typeof tree.system === 'number';
  return isWhole ? { look: tree.look, metrics: tree.metrics, system: tree.system, rows: tree.rows } : undefined;
}
