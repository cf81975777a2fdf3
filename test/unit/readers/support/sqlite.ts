import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { SqliteFile } from '../../../../src/readers/sqlite/file.ts';
import { SqliteRecord, type SqliteValue } from '../../../../src/readers/sqlite/record.ts';
import { readSchema } from '../../../../src/readers/sqlite/schema.ts';
import type { Snapshot } from '../../../../src/readers/sqlite/snapshot.ts';
import { TableCursor } from '../../../../src/readers/sqlite/tableCursor.ts';

export type Rows = readonly (readonly [rowid: number, ...values: SqliteValue[]])[];

/** All rows of a table: the row's id, then its columns. */
export function rowsOf(snapshot: Snapshot, name: string): Rows {
  const table = readSchema(snapshot).tables.get(name.toLowerCase());
  if (table === undefined) return [];
  const cursor = new TableCursor(snapshot, table.rootPage);
  const record = new SqliteRecord(snapshot.header.encoding);
  const rows: [number, ...SqliteValue[]][] = [];
  cursor.seekAfter(Number.NEGATIVE_INFINITY);
  while (cursor.next()) {
    try {
      cursor.loadInto(record);
      rows.push([cursor.rowid, ...table.columns.map(({ name: column }) => table.read(record, cursor.rowid, column))]);
    } catch (error) {
      snapshot.tolerate(error);
    }
  }
  return rows;
}

export async function readTable(path: string, name: string): Promise<Rows> {
  const answer = await new SqliteFile(path).read((snapshot) => rowsOf(snapshot, name));
  if (!answer.ok) throw new Error(answer.message);
  return answer.value.value;
}

/** Content and times of a database's files: equal where nothing was touched. */
export function fingerprint(path: string): unknown {
  return ['', '-wal', '-shm', '-journal'].map((suffix) => {
    const found = statSync(path + suffix, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return null;
    const hash = createHash('sha256')
      .update(readFileSync(path + suffix))
      .digest('hex');
    return [found.ino, found.size, found.mtimeNs, found.ctimeNs, hash].map(String);
  });
}
