import { type BigIntStats, closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import path from 'node:path';
import { isRemoteDisk } from '../discovery/remoteDisk.ts';

/**
 * What a reader asks of the disk. A disk of this machine answers within microseconds, of which a promise costs ten times as much: it is asked
 * synchronously, on the reader's own thread. A disk behind a network, and a file that is read for longer, are waited for.
 */
const waitedForBytes = 4 << 20;

/** An opened file, as far as readers use it. */
export interface OpenFile {
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

/** Rejects with the system's error. */
export async function stat(file: string): Promise<BigIntStats> {
  return isLocal(path.dirname(file)) ? statSync(file, { bigint: true }) : promises.stat(file, { bigint: true });
}

/** The names in a folder. Rejects with the system's error. */
export async function readdir(folder: string): Promise<string[]> {
  return isLocal(folder) ? readdirSync(folder) : promises.readdir(folder);
}

/** Opens a file for reading. Rejects with the system's error. */
export async function open(file: string): Promise<OpenFile> {
  if (!isLocal(path.dirname(file))) return promises.open(file, readOnly);
  const opened = new LocalFile(openSync(file, readOnly));
  if (opened.size <= waitedForBytes) return opened;
  await opened.close();
  return promises.open(file, readOnly);
}

/** Fills `into` from a place of the file on; gives how many bytes there were. */
export async function readFully(file: Pick<OpenFile, 'read'>, into: Uint8Array, position: number): Promise<number> {
  let length = 0;
  while (length < into.length) {
    const { bytesRead } = await file.read(into, length, into.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

// Who opens a pipe that has the name of a log would wait for its writer for ever.
const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

class LocalFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get size(): number {
    return fstatSync(this.#fd).size;
  }

  async read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    return { bytesRead: readSync(this.#fd, into, offset, length, position) };
  }

  async close(): Promise<void> {
    closeSync(this.#fd);
  }
}

const keptFolders = 2_000;
const localFolders = new Map<string, boolean>();

/** Disks are not mounted over a folder so often that it is asked every time. */
function isLocal(folder: string): boolean {
  const known = localFolders.get(folder);
  if (known !== undefined) return known;
  const isOwn = !isRemoteDisk(folder);
  if (localFolders.size >= keptFolders) localFolders.clear();
  localFolders.set(folder, isOwn);
  return isOwn;
}
