import { closeSync, openSync, readSync } from 'node:fs';

/** Version of the index's form (https://www.sqlite.org/walformat.html §2.1), in the machine's own byte order. */
const indexVersion = 3007000;
const saltsAt = 32;
/** `nBackfillAttempted`: how many frames of the log checkpoints have copied, or begun to copy, into the database file. */
const attemptedAt = 128;

/**
 * How many frames of the log with these salts may have been copied into the database file by now, as the writers' shared index tells; undefined where
 * there is no such index, or it belongs to another log. The index is only read: no lock is taken.
 */
export function backfilledFrames(database: string, salts: Uint8Array): number | undefined {
  let fd: number;
  try {
    fd = openSync(`${database}-shm`, 'r');
  } catch {
    return undefined;
  }
  try {
    const head = Buffer.alloc(attemptedAt + 4);
    if (readSync(fd, head, 0, head.length, 0) < head.length) return undefined;
    if (head.readUInt32LE(0) !== indexVersion || !head.subarray(saltsAt, saltsAt + 8).equals(salts)) return undefined;
    return head.readUInt32LE(attemptedAt);
  } finally {
    closeSync(fd);
  }
}
