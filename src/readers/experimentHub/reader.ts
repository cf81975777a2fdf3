import type { JsonObject } from '../../domain/json.ts';
import type {
  FoundRun,
  MediaRecord,
  PollResult,
  ReaderCursor,
  ReaderProblem,
  RunFacts,
  ScalarBatch,
} from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { DatabaseProblems } from '../sqlite/databaseProblems.ts';
import { Unstable } from '../sqlite/fault.ts';
import { type KeyPosition, startOfRows } from '../sqlite/keyedRows.ts';
import { type DatabaseView, databaseAt, lookOf, type TrackerDatabase } from '../sqlite/trackerDatabase.ts';
import { emptyRowState, type RowState, RunRows } from '../trackio/runRows.ts';
import { factsOf, type HubRecord, readHubTime, readRecord, runColumn } from './hubRun.ts';

interface HubCursor {
  readonly metrics: KeyPosition;
  readonly system: KeyPosition;
  readonly rows: RowState;
}

const version = 1;
const emptyCursor: HubCursor = { metrics: startOfRows, system: startOfRows, rows: emptyRowState };
/** Columns of `system_stats` that are no figures. */
const notFigures: ReadonlySet<string> = new Set(['id', 'run_id', 'timestamp']);

/** Reads a run of an ml-experiment-hub database. */
export class ExperimentHubReader implements RunReader {
  readonly #run: FoundRun;
  readonly #now: () => number;
  readonly #database: TrackerDatabase;
  readonly #problems: DatabaseProblems;
  #told: RunFacts = {};
  #record: HubRecord | undefined;
  #idle: { readonly look: string; readonly count: number } | undefined;

  constructor(run: FoundRun, now: () => number = () => Date.now() / 1000) {
    this.#run = run;
    this.#now = now;
    this.#database = databaseAt(run.path);
    this.#problems = new DatabaseProblems(run.path);
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    const from = known ?? emptyCursor;
    const look = (await lookOf(this.#run.path))?.look ?? '';
    const isIdle = known !== undefined && this.#idle?.look === look && this.#idle.count === from.metrics.count;
    const reading = isIdle ? nothingNew(from) : await this.#read(from, budget.maxBytes);
    this.#idle = reading.more || !reading.isSettled ? undefined : { look, count: reading.cursor.metrics.count };
    const reset = reading.reset || (cursor !== undefined && cursor !== null && known === undefined);
    const facts =
      this.#record === undefined ? this.#told : factsOf(this.#record, reading.cursor.rows.lastTime, this.#now());
    const changed = changedFacts(known === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    const { more, scalars, media, problems } = reading;
    return {
      cursor: { version, ...reading.cursor } as unknown as JsonObject,
      reset,
      more,
      facts: changed,
      scalars,
      media,
      problems,
    };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  async #read(from: HubCursor, maxBytes: number): Promise<HubReading> {
    const key = this.#run.key ?? '';
    const answer = await this.#database.read((view) => ({
      record: readRecord(view, key),
      reading: readRun(view, key, from, maxBytes),
    }));
    if (!answer.ok)
      return { ...nothingNew(from), isSettled: false, problems: this.#problems.failed(answer.reason, answer.message) };
    const { value, faults } = answer.value;
    this.#record = value.record ?? this.#record;
    const damage = this.#problems.read(faults);
    const unread = [...value.reading.texts].map((message) => this.#problems.problem(message));
    return { ...value.reading, problems: [...damage, ...unread] };
  }
}

interface Reading {
  readonly cursor: HubCursor;
  readonly scalars: readonly ScalarBatch[];
  readonly media: readonly MediaRecord[];
  readonly reset: boolean;
  readonly more: boolean;
  readonly isSettled: boolean;
}

interface HubReading extends Reading {
  readonly problems: readonly ReaderProblem[];
}

function nothingNew(cursor: HubCursor): HubReading {
  return { cursor, scalars: [], media: [], reset: false, more: false, isSettled: true, problems: [] };
}

type RunReading = Reading & { readonly texts: ReadonlySet<string> };

function readRun(view: DatabaseView, key: string, from: HubCursor, maxBytes: number): RunReading {
  const first = readRows(view, key, from, maxBytes);
  if (first !== undefined) return first;
  const anew = readRows(view, key, emptyCursor, maxBytes);
  if (anew === undefined) throw new Unstable('Its rows change while they are read.');
  return { ...anew, reset: true };
}

/** Undefined where the rows before `from` changed. */
function readRows(view: DatabaseView, key: string, from: HubCursor, maxBytes: number): RunReading | undefined {
  const rows = new RunRows(from.rows);
  const logs = view.keyed('metric_logs', runColumn);
  const stats = view.keyed('system_stats', runColumn);
  const isWhole = logs?.isWhole !== false && stats?.isWhole !== false;
  if (logs === undefined || !isWhole) return { ...nothingNew(from), texts: new Set(), more: !isWhole };
  const [step, epoch, time, metrics] = ['step', 'epoch', 'timestamp', 'metrics_json'].map((name) =>
    logs.table.column(name),
  ) as [number, number, number, number];
  const first = logs.read(key, from.metrics, maxBytes, (record) => {
    const at = readHubTime(record.text(time)) ?? Number.NaN;
    const logged = record.number(epoch);
    rows.takeMetrics(
      record.number(step) ?? Number.NaN,
      at,
      record.text(metrics) ?? '',
      logged === undefined ? {} : { epoch: logged },
    );
  });
  if (first.isChanged) return undefined;
  const figures = (stats?.table.columns ?? []).filter(({ name }) => !notFigures.has(name.toLowerCase()));
  const second = stats?.read(key, from.system, Math.max(1, maxBytes - first.bytes), (record) => {
    const values = figures.flatMap(({ name }) => {
      const value = record.number(stats.table.column(name));
      return value === undefined ? [] : [[`system/${name}`, value] as const];
    });
    rows.takeSystem(
      readHubTime(record.text(stats.table.column('timestamp'))) ?? Number.NaN,
      Object.fromEntries(values),
    );
  });
  if (second?.isChanged === true) return undefined;
  return {
    cursor: { metrics: first.position, system: second?.position ?? from.system, rows: rows.state },
    ...rows.take(),
    reset: false,
    more: !first.isComplete || second?.isComplete === false,
    isSettled: logs.isSettled && stats?.isSettled !== false,
    texts: rows.problems,
  };
}

function readCursor(cursor: ReaderCursor | undefined): HubCursor | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const tree = cursor as unknown as HubCursor & { version?: unknown };
  const isWhole =
    tree.version === version &&
    typeof tree.metrics?.count === 'number' &&
    typeof tree.system?.count === 'number' &&
    typeof tree.rows === 'object';
  return isWhole ? { metrics: tree.metrics, system: tree.system, rows: tree.rows } : undefined;
}
