import { closeSync, openSync, readSync } from 'node:fs';

/** Version of the index's form (https://www.sqlite.org/walformat.html §2.1), in the machine's own byte order. */
const indexVersion = 3007000;
/** The header stands twice, one behind the other: where the copies differ, it is being written. */
const headerSize = 48;
const committedAt = 16;
const saltsAt = 32;
/** `nBackfill`: how many frames checkpoints have copied into the database file. */
const copiedAt = 96;
/** `nBackfillAttempted`: how many they have begun to copy; it is raised before the first byte is written. */
const attemptedAt = 128;

/** What the writers' shared index tells of a log. */
export interface SharedIndex {
  /** Frames up to the last commit. */
  readonly committed: number;
  /** Frames that may have been copied into the database file by now. */
  readonly copied: number;
}

/** What the shared index says of the log with these salts; undefined where there is none, or it belongs to another log. It is only read: no lock is taken. */
export function sharedIndex(database: string, salts: Uint8Array): SharedIndex | undefined {
  let fd: number;
  try {
    fd = openSync(`${database}-shm`, 'r');
  } catch {
    return undefined;
  }
  try {
    // When a log is begun anew, its salts are written before the counts are set to 0. Read in the other order, counts of the old log come with its salts.
    const counts = Buffer.alloc(attemptedAt + 4 - copiedAt);
    const header = Buffer.alloc(2 * headerSize);
    if (readSync(fd, counts, 0, counts.length, copiedAt) < counts.length) return undefined;
    if (readSync(fd, header, 0, header.length, 0) < header.length) return undefined;
    const isSteady = header.subarray(0, headerSize).equals(header.subarray(headerSize));
    if (!isSteady || header.readUInt32LE(0) !== indexVersion) return undefined;
    if (!header.subarray(saltsAt, saltsAt + 8).equals(salts)) return undefined;
    const copied = Math.max(counts.readUInt32LE(0), counts.readUInt32LE(attemptedAt - copiedAt));
    return { committed: header.readUInt32LE(committedAt), copied };
  } finally {
    closeSync(fd);
  }
}
