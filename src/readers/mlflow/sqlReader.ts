import path from 'node:path';
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
import { type DatabaseView, databaseAt, lookOf, type Row, type TrackerDatabase } from '../sqlite/trackerDatabase.ts';
import { artifactMedia, findArtifacts, listArtifacts, loggedTables } from './artifacts.ts';
import { describeArtifacts } from './artifactTree.ts';
import { factsOf, type RunRecord } from './facts.ts';
import { TagRows } from './tagRows.ts';

/** The tables of MLflow's SQL store name the run so (mlflow/store/tracking/dbmodels/models.py). */
export const runColumn = ['run_uuid'] as const;

/** What the store writes for infinities (mlflow/store/tracking/sqlalchemy_store.py, sanitize_metric_value). */
const largestFloat = Number.MAX_VALUE;

interface SqlCursor {
  readonly metrics: KeyPosition;
  readonly artifacts: { readonly [file: string]: number };
  readonly lastTime: number | null;
}

const version = 1;
const emptyCursor: SqlCursor = { metrics: startOfRows, artifacts: {}, lastTime: null };

/** Whether tables are those of MLflow. */
export function isMlflow(view: DatabaseView): boolean {
  return view.table('metrics')?.has('run_uuid') === true && view.table('runs')?.has('run_uuid') === true;
}

/** Reads a run of MLflow's SQLite store. */
export class MlflowSqlReader implements RunReader {
  readonly #run: FoundRun;
  readonly #now: () => number;
  readonly #database: TrackerDatabase;
  readonly #problems: DatabaseProblems;
  #told: RunFacts = {};
  #record: (RunRecord & { readonly tables: ReadonlySet<string> }) | undefined;
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
    this.#idle =
      reading.more || reading.failed || !reading.isSettled ? undefined : { look, count: reading.metrics.count };
    const reset = reading.reset || (cursor !== undefined && cursor !== null && known === undefined);
    const told = reset ? {} : from.artifacts;
    const media = reading.more ? { records: [], told: {} } : await this.#newMedia(told);
    const lastTime = reading.lastTime;
    const facts =
      this.#record === undefined
        ? this.#told
        : factsOf(this.#record, { lastValueAt: lastTime ?? undefined, now: this.#now() });
    const changed = changedFacts(known === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    const next = { version, metrics: reading.metrics, artifacts: { ...told, ...media.told }, lastTime };
    return {
      cursor: next as unknown as JsonObject,
      reset,
      more: reading.more,
      facts: changed,
      scalars: reading.scalars,
      media: media.records,
      problems: reading.problems,
    };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  async #read(from: SqlCursor, maxBytes: number): Promise<SqlReading> {
    const key = this.#run.key ?? '';
    const answer = await this.#database.read((view) => readRun(view, key, from, maxBytes));
    if (!answer.ok)
      return { ...nothingNew(from), failed: true, problems: this.#problems.failed(answer.reason, answer.message) };
    const { value, faults } = answer.value;
    if (value.record !== undefined) {
      const { artifactUri, experimentId, ...record } = value.record;
      const artifacts = await findArtifacts(artifactUri, path.dirname(this.#run.path), record.id, experimentId);
      const listed = artifacts === undefined ? [] : await describeArtifacts(artifacts);
      this.#record = { ...record, artifacts, listed, tables: loggedTables(record.tags['mlflow.loggedArtifacts']) };
    }
    const problems = this.#problems.read(faults);
    return { ...value.rows, failed: false, problems };
  }

  /** Pictures and tables below the artifacts, where those lie beside the database. */
  async #newMedia(
    told: SqlCursor['artifacts'],
  ): Promise<{ readonly records: readonly MediaRecord[]; readonly told: SqlCursor['artifacts'] }> {
    const folder = this.#record?.artifacts;
    const prefix =
      folder === undefined ? '..' : path.relative(path.dirname(this.#run.path), folder).split(path.sep).join('/');
    if (folder === undefined || prefix === '..' || prefix.startsWith('../') || path.isAbsolute(prefix))
      return { records: [], told: {} };
    const files = await listArtifacts(folder, this.#record!.tables);
    const fresh = files.filter(({ file }) => !Object.hasOwn(told, file));
    return {
      records: fresh.map((file) => artifactMedia(file, prefix)),
      told: Object.fromEntries(fresh.map(({ file, modifiedAt }) => [file, modifiedAt])),
    };
  }
}

interface SqlReading {
  readonly metrics: KeyPosition;
  readonly scalars: readonly ScalarBatch[];
  readonly lastTime: number | null;
  readonly reset: boolean;
  readonly more: boolean;
  /** Changes of older rows would have been noticed. */
  readonly isSettled: boolean;
  readonly failed: boolean;
  readonly problems: readonly ReaderProblem[];
}

function nothingNew({ metrics, lastTime }: SqlCursor): SqlReading {
  return { metrics, lastTime, scalars: [], reset: false, more: false, isSettled: true, failed: false, problems: [] };
}

type StoredRecord = Omit<RunRecord, 'artifacts' | 'listed'> & {
  readonly artifactUri: string | undefined;
  readonly experimentId: string;
};
type Rows = Omit<SqlReading, 'failed' | 'problems'>;

function readRun(
  view: DatabaseView,
  key: string,
  from: SqlCursor,
  maxBytes: number,
): { readonly rows: Rows; readonly record: StoredRecord | undefined } {
  const record = readRecord(view, key);
  const first = readMetrics(view, key, from, maxBytes);
  if (first !== undefined) return { rows: first, record };
  const anew = readMetrics(view, key, emptyCursor, maxBytes);
  if (anew === undefined) throw new Unstable('Its rows change while they are read.');
  return { rows: { ...anew, reset: true }, record };
}

/** Undefined where the rows before `from` changed. */
function readMetrics(view: DatabaseView, key: string, from: SqlCursor, maxBytes: number): Rows | undefined {
  const keyed = view.keyed('metrics', runColumn);
  const nothing = {
    metrics: from.metrics,
    lastTime: from.lastTime,
    scalars: [],
    reset: false,
    more: false,
    isSettled: true,
  };
  if (keyed === undefined) return from.metrics.count === 0 ? nothing : undefined;
  if (!keyed.isWhole) return { ...nothing, more: true };
  const [tag, value, timestamp, step, isNan] = ['key', 'value', 'timestamp', 'step', 'is_nan'].map((name) =>
    keyed.table.column(name),
  ) as [number, number, number, number, number];
  const tags = new TagRows(tag);
  let lastTime = from.lastTime;
  const reading = keyed.read(key, from.metrics, maxBytes, (record) => {
    const wallTime = (record.number(timestamp) ?? Number.NaN) / 1000;
    const isNotANumber = record.number(isNan) === 1;
    tags
      .rowsOf(record)
      .push(
        record.number(step) ?? 0,
        wallTime,
        isNotANumber ? Number.NaN : restoreInfinity(record.number(value) ?? Number.NaN),
      );
    if (wallTime > (lastTime ?? 0)) lastTime = wallTime;
  });
  if (reading.isChanged) return undefined;
  return {
    metrics: reading.position,
    lastTime,
    scalars: tags.take(),
    reset: false,
    more: !reading.isComplete,
    isSettled: keyed.isSettled,
  };
}

function restoreInfinity(value: number): number {
  if (value === largestFloat) return Number.POSITIVE_INFINITY;
  return value === -largestFloat ? Number.NEGATIVE_INFINITY : value;
}

function readRecord(view: DatabaseView, key: string): StoredRecord | undefined {
  const row = view.keyed('runs', runColumn)?.firstOf(key);
  if (row === undefined) return undefined;
  const experimentId = textOf(row['experiment_id']) ?? '';
  const experiment = view.keyed('experiments', ['experiment_id'])?.firstOf(experimentId);
  return {
    id: key,
    name: textOf(row['name']) ?? '',
    status: textOf(row['status']) ?? '',
    startTime: numberOf(row['start_time']),
    endTime: numberOf(row['end_time']),
    isDeleted: row['lifecycle_stage'] === 'deleted' || experiment?.['lifecycle_stage'] === 'deleted',
    experiment: textOf(experiment?.['name']),
    experimentId,
    params: valuesOf(view, 'params', key),
    tags: valuesOf(view, 'tags', key),
    artifactUri: textOf(row['artifact_uri']),
  };
}

function valuesOf(view: DatabaseView, table: string, key: string): { readonly [key: string]: string } {
  const rows: readonly Row[] = view.keyed(table, runColumn)?.rowsOf(key) ?? [];
  return Object.fromEntries(rows.map((row) => [textOf(row['key']) ?? '', textOf(row['value']) ?? '']));
}

function readCursor(cursor: ReaderCursor | undefined): SqlCursor | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const tree = cursor as unknown as SqlCursor & { version?: unknown };
  if (tree.version !== version || typeof tree.metrics?.count !== 'number' || typeof tree.artifacts !== 'object')
    return undefined;
  return { metrics: tree.metrics, artifacts: tree.artifacts, lastTime: tree.lastTime ?? null };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? String(value)
    : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
