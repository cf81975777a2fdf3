import { type ColumnInfo, readCreateTable } from './createTable.ts';
import { SqliteRecord, type SqliteValue } from './record.ts';
import type { Snapshot } from './snapshot.ts';
import { TableCursor } from './tableCursor.ts';

/** A table of a database. */
export class Table {
  readonly name: string;
  readonly rootPage: number;
  readonly columns: readonly ColumnInfo[];
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(name: string, rootPage: number, columns: readonly ColumnInfo[]) {
    this.name = name;
    this.rootPage = rootPage;
    this.columns = columns;
    this.#indexes = new Map(columns.map((column, index) => [column.name.toLowerCase(), index]));
  }

  /** Where the values of a column stand in a record; -1 where the table has no such column. */
  column(name: string): number {
    return this.#indexes.get(name.toLowerCase()) ?? -1;
  }

  has(name: string): boolean {
    return this.column(name) >= 0;
  }

  /** The value of a column in a row, its default where the row is older than the column; null where there is no such column. */
  read(record: SqliteRecord, rowid: number, name: string): SqliteValue {
    const index = this.column(name);
    const column = this.columns[index];
    if (column === undefined) return null;
    if (column.isRowid) return rowid;
    return index >= record.columnCount ? column.fallback : record.value(index);
  }
}

/** What a database's first table lists: the other tables by their names in lower case. */
export interface Schema {
  readonly tables: ReadonlyMap<string, Table>;
  /** Tables that are there and are not read: those without row ids, which keep their rows in an index. */
  readonly unread: readonly string[];
}

/** Reads the list of tables, which begins at page 1 (https://www.sqlite.org/fileformat2.html §2.6). */
export function readSchema(snapshot: Snapshot): Schema {
  const tables = new Map<string, Table>();
  const unread: string[] = [];
  if (snapshot.pageCount === 0) return { tables, unread };
  const cursor = new TableCursor(snapshot, 1);
  const record = new SqliteRecord(snapshot.header.encoding);
  cursor.seekAfter(Number.NEGATIVE_INFINITY);
  while (cursor.next()) {
    try {
      cursor.loadInto(record);
      const [type, name, , rootPage, sql] = [0, 1, 2, 3, 4].map((column) => record.value(column));
      if (type !== 'table' || typeof name !== 'string' || typeof sql !== 'string' || typeof rootPage !== 'number')
        continue;
      const shape = readCreateTable(sql);
      // The root of a virtual table is 0.
      if (shape === undefined || shape.isWithoutRowid || rootPage < 1) unread.push(name);
      else tables.set(name.toLowerCase(), new Table(name, rootPage, shape.columns));
    } catch (error) {
      snapshot.tolerate(error);
    }
  }
  return { tables, unread };
}
