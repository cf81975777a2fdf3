import type { SqliteRecord } from './record.ts';

/** Whether a text or BLOB of a row has these bytes: rows that follow one another repeat theirs, and comparing is cheaper than making a text. */
export function hasSameBytes(record: SqliteRecord, column: number, bytes: Uint8Array): boolean {
  if (!record.hasBytes(column)) return false;
  const start = record.startOf(column);
  const { length } = bytes;
  if (record.endOf(column) - start !== length) return false;
  const { page } = record;
  for (let index = 0; index < length; index++) if (page[start + index] !== bytes[index]) return false;
  return true;
}
