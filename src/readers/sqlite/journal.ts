import { closeSync, openSync, readSync } from 'node:fs';

const magic = Buffer.from('d9d505f920a163d7', 'hex');

/**
 * Whether the rollback journal of a database holds a transaction. SQLite deletes, empties or blanks the journal to commit
 * (https://www.sqlite.org/fileformat2.html §3), so one with its magic bytes belongs to a transaction under way, or to one that was cut off.
 */
export function isHotJournal(database: string): boolean {
  let fd: number;
  try {
    fd = openSync(`${database}-journal`, 'r');
  } catch {
    return false;
  }
  try {
    const head = Buffer.alloc(8);
    return readSync(fd, head, 0, 8, 0) === 8 && head.equals(magic);
  } finally {
    closeSync(fd);
  }
}
