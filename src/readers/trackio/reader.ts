import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { FoundRun, PollResult, ReaderCursor, ReaderProblem, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { parseLocalTime } from '../files/localTime.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { DatabaseProblems } from '../sqlite/databaseProblems.ts';
import { databaseAt, lookOf, type TrackerDatabase } from '../sqlite/trackerDatabase.ts';
import { configFacts } from './configFacts.ts';
import { emptyCursor, readCursor, type TrackioCursor, writeCursor } from './cursor.ts';
import { alertTag, alertText, type DatabaseReading, logIdsOf, readDatabaseRun } from './databaseRun.ts';
import { type InboxReading, type InboxRecord, inboxFolder, readInbox } from './inbox.ts';
import { projectOf } from './names.ts';
import { RunRows } from './runRows.ts';
import { trackioStatus } from './status.ts';

/** Reads a run of a Trackio database, and what of it still lies in the inbox. */
export class TrackioReader implements RunReader {
  readonly #run: FoundRun;
  readonly #project: string;
  readonly #now: () => number;
  readonly #database: TrackerDatabase;
  readonly #problems: DatabaseProblems;
  #told: RunFacts = {};
  /** Name and configuration as they were read last. */
  #known: RunFacts = {};
  /** How the files looked when there was nothing more, and the cursor then. */
  #idle: { readonly look: string; readonly cursor: string } | undefined;

  constructor(run: FoundRun, now: () => number = () => Date.now() / 1000) {
    this.#run = run;
    this.#project = projectOf(path.basename(run.path)) ?? path.basename(run.path);
    this.#now = now;
    this.#database = databaseAt(run.path);
    this.#problems = new DatabaseProblems(run.path);
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    const files = await lookOf(this.#run.path);
    const inbox = await this.#readInbox(known ?? emptyCursor);
    const look = `${files?.look}|${inbox.look}`;
    const cursorText = JSON.stringify(known);
    const isIdle = known !== undefined && this.#idle?.look === look && this.#idle.cursor === cursorText;
    const piece = isIdle ? nothingNew(known) : await this.#read(known ?? emptyCursor, inbox, budget.maxBytes);
    const next = writeCursor(piece.cursor);
    this.#idle =
      piece.more || piece.failed || !piece.isSettled ? undefined : { look, cursor: JSON.stringify(readCursor(next)) };
    const reset = piece.reset || (cursor !== undefined && cursor !== null && known === undefined);
    const facts = { ...this.#known, ...this.#rowFacts(piece.cursor, files?.modifiedAt) };
    const changed = changedFacts(known === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    return { cursor: next, reset, more: piece.more, facts: changed, ...piece.rows.take(), problems: piece.problems };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  async #readInbox({ inbox }: TrackioCursor): Promise<InboxReading> {
    return readInbox(path.join(path.dirname(this.#run.path), inboxFolder), inbox);
  }

  async #read(from: TrackioCursor, inbox: InboxReading, maxBytes: number): Promise<Piece> {
    const key = this.#run.key ?? '';
    const answer = await this.#database.read((view) => readDatabaseRun(view, key, from, maxBytes));
    if (!answer.ok && answer.reason !== 'absent')
      return { ...nothingNew(from), failed: true, problems: this.#problems.failed(answer.reason, answer.message) };
    const reading = answer.ok ? answer.value.value : absentDatabase(from);
    const faults = this.#problems.read(answer.ok ? answer.value.faults : []);
    this.#learn(reading);
    const problems = [...faults, ...[...reading.rows.problems].map((message) => this.#problems.problem(message))];
    const piece = {
      rows: reading.rows,
      reset: reading.reset,
      more: reading.more,
      isSettled: reading.isSettled,
      failed: false,
      problems,
    };
    if (reading.more) return { ...piece, cursor: reading.cursor };
    // After a reset everything in the inbox is taken again.
    const records = reading.reset ? await this.#readInbox(emptyCursor) : inbox;
    const pending = await this.#takeInbox(records, reading);
    return {
      ...piece,
      cursor: { ...reading.cursor, inbox: records.position, pending, rows: reading.rows.state },
      problems: [...problems, ...records.problems],
    };
  }

  /** Takes the records of the run that are not in the database; gives back the ids to look for there. */
  async #takeInbox({ records }: InboxReading, { rows, cursor, config }: DatabaseReading): Promise<readonly string[]> {
    const own = records.filter(({ project, key }) => project === this.#project && key === this.#run.key);
    if (own.length === 0) return cursor.pending;
    const answer = await this.#database.read((view) => logIdsOf(view, this.#run.key ?? ''));
    const stored = answer.ok ? answer.value.value : new Set<string>();
    const pending = new Set(cursor.pending);
    for (const record of own) {
      const id = record.content['log_id'] ?? record.content['alert_id'];
      if (typeof id === 'string' && (stored.has(id) || pending.has(id))) continue;
      if (typeof id === 'string') pending.add(id);
      takeRecord[record.kind](rows, record.content);
      if (config === undefined && isObject(record.content['config']))
        this.#learn({ name: record.name, config: record.content['config'] });
      else this.#learn({ name: record.name, config: undefined });
    }
    return [...pending];
  }

  #learn({ name, config }: Pick<DatabaseReading, 'name' | 'config'>): void {
    if (name !== undefined) this.#known = { ...this.#known, name };
    if (config === undefined) return;
    this.#known = { ...this.#known, ...configFacts(config) };
  }

  #rowFacts({ rows }: TrackioCursor, modifiedAt: number | undefined): RunFacts {
    const { firstTime, lastTime, restarts } = rows;
    const { key } = this.#run;
    const isId = key !== undefined && key !== this.#known.name;
    const artifacts = path.join(path.dirname(this.#run.path), 'artifacts', this.#project);
    return {
      project: this.#project,
      ...(isId ? { trackerId: key } : {}),
      ...(firstTime === null ? {} : { startedAt: firstTime }),
      ...(firstTime === null || this.#known.createdAt !== undefined ? {} : { createdAt: firstTime }),
      ...(restarts.length === 0 ? {} : { restarts }),
      ...(existsSync(artifacts) ? { outputs: [artifacts] } : {}),
      ...trackioStatus(lastTime, modifiedAt, this.#now()),
    };
  }
}

/** What one poll read. */
interface Piece {
  readonly cursor: TrackioCursor;
  readonly rows: RunRows;
  readonly reset: boolean;
  readonly more: boolean;
  readonly isSettled: boolean;
  /** The database could not be read. */
  readonly failed: boolean;
  readonly problems: readonly ReaderProblem[];
}

function nothingNew(cursor: TrackioCursor): Piece {
  return {
    cursor,
    rows: new RunRows(cursor.rows),
    reset: false,
    more: false,
    isSettled: true,
    failed: false,
    problems: [],
  };
}

/** A run whose database is not there yet, or is gone: what was read of it stays. */
function absentDatabase(cursor: TrackioCursor): DatabaseReading {
  const rows = new RunRows(cursor.rows);
  return { cursor, rows, reset: false, more: false, isSettled: true, name: undefined, config: undefined, bytes: 0 };
}

const takeRecord: { readonly [Kind in InboxRecord['kind']]: (rows: RunRows, record: JsonObject) => void } = {
  metric: (rows, { step, timestamp, metrics }) =>
    rows.takeMetrics(typeof step === 'number' ? step : Number.NaN, timeOf(timestamp), objectOf(metrics)),
  system_metric: (rows, { timestamp, metrics }) => rows.takeSystem(timeOf(timestamp), objectOf(metrics)),
  alert: (rows, { title, text, level, step, timestamp }) =>
    rows.takeText(alertTag, alertText(textOf(level), textOf(title), textOf(text)), {
      step: typeof step === 'number' ? step : 0,
      wallTime: timeOf(timestamp),
    }),
};

function timeOf(value: Json | undefined): number {
  return (typeof value === 'string' ? parseLocalTime(value) : undefined) ?? Number.NaN;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
