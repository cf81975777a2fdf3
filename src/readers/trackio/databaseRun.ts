import type { JsonObject } from '../../domain/json.ts';
import { parsePythonJson } from '../files/pythonJson.ts';
import { Unstable } from '../sqlite/fault.ts';
import type { KeyPosition, KeyReading } from '../sqlite/keyedRows.ts';
import type { SqliteRecord } from '../sqlite/record.ts';
import type { Table } from '../sqlite/schema.ts';
import type { DatabaseView, KeyedTable } from '../sqlite/trackerDatabase.ts';
import { emptyCursor, type TrackioCursor } from './cursor.ts';
import { RunRows } from './runRows.ts';
import { TimestampReader } from './timestamps.ts';

/** Since 0.23 runs have ids; before, names are what tells them apart (trackio/sqlite_storage.py, init_db). */
export const keyColumns = ['run_id', 'run_name'] as const;

/** What was read of a run in one state of its database. */
export interface DatabaseReading {
  readonly cursor: TrackioCursor;
  readonly rows: RunRows;
  readonly reset: boolean;
  readonly more: boolean;
  /** Changes of older rows would have been noticed. */
  readonly isSettled: boolean;
  readonly name: string | undefined;
  readonly config: JsonObject | undefined;
  readonly bytes: number;
}

/** Whether tables are those of Trackio. */
export function isTrackio(view: DatabaseView): boolean {
  const metrics = view.table('metrics');
  return metrics !== undefined && ['run_name', 'step', 'metrics', 'timestamp'].every((name) => metrics.has(name));
}

/** Reads what is new of a run, from the start where rows that were read before are not the same any more. */
export function readDatabaseRun(
  view: DatabaseView,
  key: string,
  from: TrackioCursor,
  maxBytes: number,
): DatabaseReading {
  const first = readFrom(view, key, from, maxBytes);
  if (first !== undefined) return first;
  const anew = readFrom(view, key, emptyCursor, maxBytes);
  if (anew === undefined) throw new Unstable('Its rows change while they are read.');
  return { ...anew, reset: true };
}

/** The ids of the records of a run that have any. */
export function logIdsOf(view: DatabaseView, key: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const name of ['metrics', 'system_metrics', 'alerts']) {
    const table = view.keyed(name, keyColumns);
    const column = idColumn(table?.table);
    if (table === undefined || column < 0) continue;
    table.read(key, emptyCursor.metrics, Number.MAX_SAFE_INTEGER, (record) => {
      const id = record.text(column);
      if (id !== undefined) ids.add(id);
    });
  }
  return ids;
}

/** Undefined where the rows before `from` changed. */
function readFrom(view: DatabaseView, key: string, from: TrackioCursor, maxBytes: number): DatabaseReading | undefined {
  const walk: Walk = {
    view,
    key,
    from,
    rows: new RunRows(from.rows),
    pending: new Set(from.pending),
    left: maxBytes,
    more: false,
    isSettled: true,
  };
  const metrics = walkTable(walk, 'metrics', from.metrics, takeMetrics);
  const system = walkTable(walk, 'system_metrics', from.system, takeSystem);
  const alerts = walkTable(walk, 'alerts', from.alerts, takeAlert);
  if (metrics === undefined || system === undefined || alerts === undefined) return undefined;
  const cursor = { metrics, system, alerts, inbox: from.inbox, pending: [...walk.pending], rows: walk.rows.state };
  const config = configOf(view, key);
  return {
    cursor,
    rows: walk.rows,
    reset: false,
    more: walk.more,
    isSettled: walk.isSettled,
    bytes: maxBytes - walk.left,
    ...config,
  };
}

interface Walk {
  readonly view: DatabaseView;
  readonly key: string;
  readonly from: TrackioCursor;
  readonly rows: RunRows;
  readonly pending: Set<string>;
  left: number;
  more: boolean;
  isSettled: boolean;
}

type TakeRow = (rows: RunRows, columns: Columns, record: SqliteRecord) => void;

function walkTable(walk: Walk, name: string, from: KeyPosition, take: TakeRow): KeyPosition | undefined {
  const keyed = walk.view.keyed(name, keyColumns);
  if (keyed === undefined) return from.count === 0 ? from : undefined;
  if (!keyed.isWhole || walk.left <= 0) {
    walk.more ||= !keyed.isWhole || keyed.countOf(walk.key) !== from.count;
    return from;
  }
  walk.isSettled &&= keyed.isSettled;
  const reading = readRows(walk, keyed, from, take);
  if (reading.isChanged) return undefined;
  walk.left -= reading.bytes;
  walk.more ||= !reading.isComplete;
  return reading.position;
}

function readRows({ key, rows, pending, left }: Walk, keyed: KeyedTable, from: KeyPosition, take: TakeRow): KeyReading {
  const columns = new Columns(keyed.table);
  return keyed.read(key, from, left, (record) => {
    if (pending.size > 0 && pending.delete(record.text(columns.id) ?? '')) return;
    take(rows, columns, record);
  });
}

/** Where the values of a row stand; -1 for those that this version of the table lacks. */
class Columns {
  readonly id: number;
  readonly step: number;
  readonly metrics: number;
  readonly title: number;
  readonly text: number;
  readonly level: number;
  readonly #timestamp: number;
  readonly #times = new TimestampReader();

  constructor(table: Table) {
    this.id = idColumn(table);
    this.#timestamp = table.column('timestamp');
    this.step = table.column('step');
    this.metrics = table.column('metrics');
    this.title = table.column('title');
    this.text = table.column('text');
    this.level = table.column('level');
  }

  time(record: SqliteRecord): number {
    return this.#times.read(record.text(this.#timestamp) ?? '');
  }
}

function idColumn(table: Table | undefined): number {
  const log = table?.column('log_id') ?? -1;
  return log >= 0 ? log : (table?.column('alert_id') ?? -1);
}

function takeMetrics(rows: RunRows, columns: Columns, record: SqliteRecord): void {
  rows.takeMetrics(record.number(columns.step) ?? Number.NaN, columns.time(record), record.text(columns.metrics) ?? '');
}

function takeSystem(rows: RunRows, columns: Columns, record: SqliteRecord): void {
  rows.takeSystem(columns.time(record), record.text(columns.metrics) ?? '');
}

function takeAlert(rows: RunRows, columns: Columns, record: SqliteRecord): void {
  const text = alertText(record.text(columns.level), record.text(columns.title), record.text(columns.text));
  rows.takeText(alertTag, text, { step: record.number(columns.step) ?? 0, wallTime: columns.time(record) });
}

export const alertTag = 'alerts';

/** An alert as Markdown. */
export function alertText(level: string | undefined, title: string | undefined, text: string | undefined): string {
  const head = `**${(level ?? 'warn').toUpperCase()}: ${title ?? 'Alert'}**`;
  return text === undefined || text === '' ? head : `${head}\n\n${text}`;
}

function configOf(view: DatabaseView, key: string): Pick<DatabaseReading, 'name' | 'config'> {
  const row = view.keyed('configs', keyColumns)?.lastOf(key);
  const last = view.keyed('metrics', keyColumns)?.lastOf(key) ?? view.keyed('system_metrics', keyColumns)?.lastOf(key);
  const name = last?.['run_name'] ?? row?.['run_name'];
  return { name: typeof name === 'string' ? name : undefined, config: readConfig(row?.['config']) };
}

/** The configuration in a text or a BLOB. */
function readConfig(value: unknown): JsonObject | undefined {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
  if (typeof text !== 'string') return undefined;
  try {
    const tree = parsePythonJson(text);
    return tree !== null && typeof tree === 'object' && !Array.isArray(tree) ? (tree as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
