import { stat } from 'node:fs/promises';
import type { Result } from '../../base/result.ts';
import { type SqliteAnswer, SqliteFile, type SqliteReason } from './file.ts';
import { KeyedRows, type KeyPosition, type KeyReading } from './keyedRows.ts';
import { SqliteRecord, type SqliteValue } from './record.ts';
import { readSchema, type Schema, type Table } from './schema.ts';
import type { Snapshot } from './snapshot.ts';
import { TableCursor } from './tableCursor.ts';

/** How much of a table is sorted by runs in one poll. */
const indexBytes = 1 << 26;
/** So many databases are remembered; one that is asked for again later is scanned again. */
const mostDatabases = 8;

/** One row by its columns' names. */
export type Row = { readonly [column: string]: SqliteValue };

/** A tracker's database, with what all the readers of its runs share in this thread: plain memory, no open file. */
export class TrackerDatabase {
  readonly path: string;
  readonly #file: SqliteFile;
  readonly #rows = new Map<string, KeyedRows>();

  constructor(path: string) {
    this.path = path;
    this.#file = new SqliteFile(path);
  }

  /** What `work` makes of one state of the database. It may be called several times: it must begin anew each time. */
  read<T>(work: (view: DatabaseView) => T): Promise<Result<SqliteAnswer<T>, SqliteReason>> {
    return this.#file.read((snapshot) => work(new DatabaseView(snapshot, this.#rows)));
  }
}

/** One state of a database, as tables and rows. */
export class DatabaseView {
  readonly snapshot: Snapshot;
  readonly schema: Schema;
  readonly #rows: Map<string, KeyedRows>;

  constructor(snapshot: Snapshot, rows: Map<string, KeyedRows>) {
    this.snapshot = snapshot;
    this.schema = readSchema(snapshot);
    this.#rows = rows;
  }

  table(name: string): Table | undefined {
    return this.schema.tables.get(name);
  }

  /** A table sorted by keys; undefined where there is no such table. `isWhole` is false while a large one is still being sorted: ask again. */
  keyed(name: string, keyColumns: readonly string[]): KeyedTable | undefined {
    const table = this.table(name);
    if (table === undefined) return undefined;
    const id = `${name}\0${keyColumns.join('\0')}`;
    let rows = this.#rows.get(id);
    if (rows === undefined) {
      rows = new KeyedRows(keyColumns);
      this.#rows.set(id, rows);
    }
    return new KeyedTable(this.snapshot, table, rows);
  }

  /** All rows of a small table, up to a limit. */
  rows(name: string, limit = 100_000): readonly Row[] {
    const table = this.table(name);
    if (table === undefined) return [];
    const rows: Row[] = [];
    const cursor = new TableCursor(this.snapshot, table.rootPage);
    const record = new SqliteRecord(this.snapshot.header.encoding);
    cursor.seekAfter(Number.NEGATIVE_INFINITY);
    while (rows.length < limit && cursor.next()) {
      try {
        cursor.loadInto(record);
        rows.push(toRow(table, record, cursor.rowid));
      } catch (error) {
        this.snapshot.tolerate(error);
      }
    }
    return rows;
  }
}

/** A table of which it is known which rows belong to which key. */
export class KeyedTable {
  readonly table: Table;
  readonly isWhole: boolean;
  readonly #snapshot: Snapshot;
  readonly #rows: KeyedRows;

  constructor(snapshot: Snapshot, table: Table, rows: KeyedRows) {
    this.table = table;
    this.#snapshot = snapshot;
    this.#rows = rows;
    this.isWhole = rows.update(snapshot, table, indexBytes);
  }

  /** Whether rows that were replaced or deleted would have been noticed by now. */
  get isSettled(): boolean {
    return this.#rows.isSettled(this.#snapshot);
  }

  get keys(): Iterable<string> {
    return this.#rows.keys;
  }

  countOf(key: string): number {
    return this.#rows.countOf(key);
  }

  /** Reads rows of a key behind a position. See KeyedRows.read. */
  read(
    key: string,
    from: KeyPosition,
    maxBytes: number,
    take: (record: SqliteRecord, rowid: number) => void,
  ): KeyReading {
    return this.#rows.read({ snapshot: this.#snapshot, table: this.table }, key, from, maxBytes, take);
  }

  /** All rows of a key, up to a limit, by the names of their columns. */
  rowsOf(key: string, limit = 100_000): readonly Row[] {
    const rows: Row[] = [];
    let left = limit;
    this.#rows.read(
      { snapshot: this.#snapshot, table: this.table },
      key,
      { count: 0, hash: 0 },
      1 << 26,
      (record, id) => {
        if (left-- > 0) rows.push(toRow(this.table, record, id));
      },
    );
    return rows;
  }

  firstOf(key: string): Row | undefined {
    return this.#at(this.#rows.firstRow(key));
  }

  lastOf(key: string): Row | undefined {
    return this.#at(this.#rows.lastRow(key));
  }

  #at(rowid: number | undefined): Row | undefined {
    if (rowid === undefined) return undefined;
    const cursor = new TableCursor(this.#snapshot, this.table.rootPage);
    cursor.seekAfter(rowid - 1);
    if (!cursor.next() || cursor.rowid !== rowid) return undefined;
    try {
      const record = new SqliteRecord(this.#snapshot.header.encoding);
      cursor.loadInto(record);
      return toRow(this.table, record, rowid);
    } catch (error) {
      this.#snapshot.tolerate(error);
      return undefined;
    }
  }
}

const databases = new Map<string, TrackerDatabase>();

/** The database at a path, shared by all that ask for it in this thread. */
export function databaseAt(path: string): TrackerDatabase {
  const known = databases.get(path) ?? new TrackerDatabase(path);
  databases.delete(path);
  databases.set(path, known);
  const oldest = databases.keys().next().value;
  if (databases.size > mostDatabases && oldest !== undefined) databases.delete(oldest);
  return known;
}

/** How a database's files look now: the same text means that nothing was written. Undefined where there is none. */
export async function lookOf(
  path: string,
): Promise<{ readonly look: string; readonly modifiedAt: number } | undefined> {
  const found = await Promise.all(
    [path, `${path}-wal`, `${path}-journal`].map((file) => stat(file, { bigint: true }).catch(() => undefined)),
  );
  if (found[0] === undefined && found[1] === undefined) return undefined;
  const look = found.map((one) => (one === undefined ? '-' : `${one.ino}:${one.size}:${one.mtimeNs}`)).join('|');
  const modifiedAt = Math.max(...found.map((one) => (one === undefined ? 0 : Number(one.mtimeNs) / 1e9)));
  return { look, modifiedAt };
}

function toRow(table: Table, record: SqliteRecord, rowid: number): Row {
  return Object.fromEntries(table.columns.map(({ name }) => [name.toLowerCase(), table.read(record, rowid, name)]));
}
