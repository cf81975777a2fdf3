import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Disposable } from '../../base/disposables.ts';
import { givePiece, takePiece } from '../files/spareMemory.ts';
import { BlockCache } from './blockCache.ts';
import { SqliteFault, Unstable } from './fault.ts';
import { type DatabaseHeader, headerBytes, readHeader } from './header.ts';
import { isHotJournal } from './journal.ts';
import { backfilledFrames } from './shm.ts';
import type { WalIndex } from './wal.ts';

/** The database file is read in blocks of this size; pages are parts of them. */
const blockBytes = 1 << 16;
/** Twice this many blocks are kept: 8 MiB. */
const keptBlocks = 64;
/** Pages of the log are kept one by one: twice 4 MiB. */
const keptLogBytes = 1 << 22;
/** File systems stamp changes by a clock that ticks every few milliseconds: two changes within a tick look like one. */
const clockTickMs = 20;

/**
 * One state of a database, read without any lock: the file with the committed pages of its log laid over it. Nothing is written, and the files that
 * its writers share (`-wal`, `-shm`, `-journal`) are only looked at. What was read is valid once `check` has passed after it.
 */
export class Snapshot implements Disposable {
  readonly header: DatabaseHeader;
  /** How many pages there are. */
  readonly pageCount: number;
  /** The same for the same content. */
  readonly version: string;
  /** Damage that was passed over. */
  readonly faults: SqliteFault[] = [];
  readonly #path: string;
  readonly #acceptsDamage: (version: string) => boolean;
  readonly #wal: WalIndex;
  readonly #database: number | undefined;
  readonly #log: number | undefined;
  readonly #identity: string;
  readonly #blocks = new BlockCache(keptBlocks);
  readonly #logPages: BlockCache;

  /** Rejects by throwing: a system error where the file cannot be opened, SqliteFault where it is no database, Unstable while a change is under way. */
  constructor(path: string, wal: WalIndex, acceptsDamage: (version: string) => boolean) {
    this.#path = path;
    this.#wal = wal;
    this.#acceptsDamage = acceptsDamage;
    this.#log = openIfThere(`${path}-wal`);
    this.#database = openIfThere(path);
    try {
      if (this.#database === undefined && this.#log === undefined) throw missing(path);
      this.#identity = this.#database === undefined ? 'absent' : identityOf(this.#database);
      if (this.#log === undefined) wal.clear();
      else wal.update(this.#log);
      if (isHotJournal(path)) throw new Unstable(hotJournal);
      const size = this.#database === undefined ? 0 : fstatSync(this.#database).size;
      if (size === 0 && wal.frames === 0) {
        this.header = emptyHeader;
        this.pageCount = 0;
        this.#logPages = new BlockCache(1);
      } else {
        this.#logPages = new BlockCache(Math.max(16, Math.floor(keptLogBytes / Math.max(512, wal.pageSize))));
        this.header = readHeader(this.#readFirst());
        // The counter may be that of a commit that began since; its time may be within the same tick of the clock.
        if (isHotJournal(path)) throw new Unstable(hotJournal);
        if (wal.frames > 0 && this.header.pageSize !== wal.pageSize)
          throw new SqliteFault('The database and its write-ahead log have pages of different sizes.', 0);
        const known = wal.frames > 0 ? wal.pageCount : this.header.pageCount;
        this.pageCount = known > 0 ? known : Math.floor(size / this.header.pageSize);
      }
      this.version = `${this.#identity}|${this.header.changeCounter}|${wal.salts.toString('hex')}:${wal.frames}`;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** The bytes of a page, as long as a page is; the next call may change them. Numbers begin at 1. Throws SqliteFault where there is none. */
  page(number: number): Uint8Array {
    const inLog = this.#wal.pages.get(number);
    if (inLog !== undefined && this.#log !== undefined && this.#wal.frames > 0) return this.#logPage(number, inLog);
    if (number < 1 || number > this.pageCount)
      throw new SqliteFault(`A reference leads to page ${number}, but there are ${this.pageCount} pages.`);
    return this.#filePage(number);
  }

  /** Notes damage that is passed over; anything else is thrown. */
  tolerate(error: unknown): void {
    if (!(error instanceof SqliteFault)) throw error;
    if (this.faults.length < 100) this.faults.push(error);
  }

  /** Throws Unstable unless everything that was read so far belongs to this one state, and is whole or known to be damaged. */
  check(): void {
    const fault = this.faults[0];
    if (fault !== undefined && !this.#acceptsDamage(this.version)) throw new Unstable(fault.message);
    if (isHotJournal(this.#path)) throw new Unstable(hotJournal);
    const now = identityAt(this.#path);
    if (this.#log === undefined || this.#wal.frames === 0) {
      if (now !== this.#identity || !this.#hasSameCounter()) throw new Unstable('It is being written at this moment.');
      return;
    }
    if (inodeAt(`${this.#path}-wal`) !== inodeOf(this.#log) || !this.#wal.isCurrent(this.#log))
      throw new Unstable('Its write-ahead log was begun anew while it was read.');
    if (inodePart(now) !== inodePart(this.#identity)) throw new Unstable('The file was replaced while it was read.');
    // A checkpoint that has copied only frames of this state changes nothing of what was read.
    const copied = backfilledFrames(this.#path, this.#wal.salts);
    if (copied !== undefined && copied <= this.#wal.frames && this.#wal.isCurrent(this.#log)) return;
    if (now !== this.#identity || isRecent(this.#path))
      throw new Unstable('A checkpoint is changing it at this moment.');
  }

  dispose(): void {
    for (const fd of [this.#database, this.#log]) if (fd !== undefined) closeSync(fd);
    for (const { buffer } of this.#blocks.drain()) givePiece(buffer as ArrayBuffer);
  }

  #readFirst(): Uint8Array {
    const inLog = this.#wal.frames > 0 ? this.#wal.pages.get(1) : undefined;
    const bytes = new Uint8Array(headerBytes);
    const fd = inLog === undefined ? this.#database : this.#log;
    const length = fd === undefined ? 0 : readSync(fd, bytes, 0, headerBytes, inLog ?? 0);
    return bytes.subarray(0, length);
  }

  #hasSameCounter(): boolean {
    if (this.#database === undefined || this.pageCount === 0) return true;
    const bytes = Buffer.alloc(4);
    return readSync(this.#database, bytes, 0, 4, 24) === 4 && bytes.readUInt32BE(0) === this.header.changeCounter;
  }

  #logPage(number: number, offset: number): Uint8Array {
    const known = this.#logPages.get(number);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(this.#logPages.reuse() ?? new ArrayBuffer(this.header.pageSize));
    if (readFully(this.#log!, bytes, offset) < bytes.length) throw new Unstable('Its write-ahead log became shorter.');
    this.#logPages.set(number, bytes);
    return bytes;
  }

  #filePage(number: number): Uint8Array {
    const { pageSize } = this.header;
    const offset = (number - 1) * pageSize;
    const index = Math.floor(offset / blockBytes);
    let block = this.#blocks.get(index);
    if (block === undefined) {
      const bytes = new Uint8Array(this.#blocks.reuse() ?? takePiece(blockBytes), 0, blockBytes);
      const length = this.#database === undefined ? 0 : readFully(this.#database, bytes, index * blockBytes);
      block = bytes.subarray(0, length);
      this.#blocks.set(index, block);
    }
    const start = offset - index * blockBytes;
    if (start + pageSize > block.length)
      throw new SqliteFault(`The file ends before page ${number}: it is not whole.`, offset);
    return block.subarray(start, start + pageSize);
  }
}

const hotJournal =
  'A transaction is under way, or was cut off: a rollback journal (-journal) lies beside the database. It is read again when the writer has finished; ' +
  'if no writer lives any more, open it once with "sqlite3 FILE .tables", which undoes the unfinished transaction.';

const emptyHeader: DatabaseHeader = {
  pageSize: 4096,
  usableSize: 4096,
  changeCounter: 0,
  pageCount: 0,
  schemaCookie: 0,
  freePages: 0,
  encoding: 'utf-8',
};

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`There is no file ${path}.`), { code: 'ENOENT' });
}

function readFully(fd: number, into: Uint8Array, offset: number): number {
  let length = 0;
  while (length < into.length) {
    const count = readSync(fd, into, length, into.length - length, offset + length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

function identityOf(fd: number): string {
  const { ino, size, mtimeNs } = fstatSync(fd, { bigint: true });
  return `${ino}:${size}:${mtimeNs}`;
}

function identityAt(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'absent' : `${found.ino}:${found.size}:${found.mtimeNs}`;
}

function inodePart(identity: string): string {
  return identity.split(':')[0]!;
}

function inodeOf(fd: number): bigint {
  return fstatSync(fd, { bigint: true }).ino;
}

function inodeAt(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function isRecent(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Math.abs(Date.now() - found.mtimeMs) < clockTickMs;
}
