import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Disposable } from '../../base/disposables.ts';
import { Unstable } from './fault.ts';
import type { DatabaseHeader } from './header.ts';
import { isHotJournal } from './journal.ts';
import { sharedIndex } from './shm.ts';
import type { WalIndex } from './wal.ts';

/** File systems stamp changes by a clock that ticks every few milliseconds: two changes within a tick look like one. */
const clockTickMs = 20;
/** Some stamp whole seconds, or every other one. */
const coarseTickMs = 2000;

/**
 * The files of one database, opened to be read without locks, and what tells afterwards whether what was read belongs to one state. Nothing is
 * written, and what the writers share is only looked at. The order of the looks matters: whatever is compared at the end was noted before the first page was read.
 */
export class LiveFiles implements Disposable {
  /** Bytes of the database file. */
  readonly size: number;
  /** The same as long as the file was not written, except within a tick of the clock. */
  readonly identity: string;
  readonly #path: string;
  readonly #wal: WalIndex;
  readonly #database: number | undefined;
  readonly #log: number | undefined;
  /** The file was written so lately that it can be written again without another stamp. */
  readonly #isFresh: boolean;
  /** What was read from the database file is read a second time, where neither its stamp nor a log tells of changes. */
  readonly #isDoubtful: boolean;
  #secondReading = new Uint8Array(0);

  /** Takes what the log holds into `wal`. Throws a system error where the files cannot be opened, Unstable while a transaction is under way. */
  constructor(path: string, wal: WalIndex) {
    this.#path = path;
    this.#wal = wal;
    this.#database = openIfThere(path);
    try {
      const now = Date.now();
      const state = this.#database === undefined ? undefined : fstatSync(this.#database, { bigint: true });
      this.size = Number(state?.size ?? 0);
      this.identity = state === undefined ? 'absent' : identityOf(state);
      this.#isFresh = state !== undefined && Math.abs(now - Number(state.mtimeNs) / 1e6) < tickOf(state.mtimeNs);
      this.#log = openIfThere(`${path}-wal`);
      if (this.#database === undefined && this.#log === undefined) throw missing(path);
      if (this.#log === undefined) wal.clear();
      else wal.update(this.#log);
      this.#isDoubtful = this.#isFresh && wal.pageSize === 0;
      this.refuseHotJournal();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Reads from the database file; gives the count of bytes. Throws Unstable where they are seen to be of a transaction under way. */
  readDatabase(into: Uint8Array, offset: number): number {
    const length = this.#database === undefined ? 0 : readFully(this.#database, into, offset);
    if (this.#isDoubtful) this.#readAgain(into.subarray(0, length), offset);
    return length;
  }

  /** Reads from the log; gives the count of bytes. */
  readLog(into: Uint8Array, offset: number): number {
    return this.#log === undefined ? 0 : readFully(this.#log, into, offset);
  }

  /** Throws Unstable while a rollback journal holds a transaction. */
  refuseHotJournal(): void {
    if (isHotJournal(this.#path)) throw new Unstable(hotJournal);
  }

  /** Throws Unstable where `verify` is going to, whatever is read: then nothing need be read. */
  refuseFresh(header: DatabaseHeader): void {
    if (this.#isFresh && this.#wal.pageSize === 0 && header.isLogged) throw new Unstable(justWritten);
  }

  /** Throws Unstable unless everything that was read so far belongs to one state. `header` is the database's, where it could be read. */
  verify(header: DatabaseHeader | undefined): void {
    this.refuseHotJournal();
    const now = identityAt(this.#path);
    if (inodePart(now) !== inodePart(this.identity)) throw new Unstable('The file was replaced while it was read.');
    if (this.#wal.pageSize > 0) this.#verifyLogged(now);
    else if (header !== undefined && !header.isLogged) this.#verifyCounter(header, now);
    else this.#verifyQuiet(now);
  }

  dispose(): void {
    for (const fd of [this.#database, this.#log]) if (fd !== undefined) closeSync(fd);
  }

  /**
   * Pages of a transaction that is rolled back within one tick of the clock are the old ones again at the end, with the old counter and the old stamp.
   * They have a journal beside them while they are there: if there is none, they are gone by now.
   */
  #readAgain(bytes: Uint8Array, offset: number): void {
    this.refuseHotJournal();
    if (this.#secondReading.length < bytes.length) this.#secondReading = new Uint8Array(bytes.length);
    const second = this.#secondReading.subarray(0, bytes.length);
    if (this.#database === undefined || bytes.length === 0) return;
    if (readFully(this.#database, second, offset) < bytes.length || Buffer.compare(second, bytes) !== 0)
      throw new Unstable(beingWritten);
  }

  /**
   * A log has only frames added to it until it is begun anew with other salts, and a checkpoint copies only what was committed. So where no
   * frame follows those that are known, nothing was copied over what was read; where some follow, the writers' index tells how far was copied.
   */
  #verifyLogged(now: string): void {
    const log = this.#log!;
    const goesOn = this.#wal.goesOn(log);
    const isUntouched = !goesOn || this.#isWithinState() || this.#isQuiet(now);
    // Last, since what was found above is true only of a log that was not begun anew before.
    if (inodeAt(`${this.#path}-wal`) !== inodeOf(log) || !this.#wal.isCurrent(log))
      throw new Unstable('Its write-ahead log was begun anew while it was read.');
    if (!isUntouched) throw new Unstable('A checkpoint is changing it at this moment.');
  }

  /** The index must know of more commits than were read: one that a crash left behind and that no writer keeps would not. */
  #isWithinState(): boolean {
    const index = sharedIndex(this.#path, this.#wal.salts);
    return index !== undefined && index.committed > this.#wal.frames && index.copied <= this.#wal.frames;
  }

  /** Without a log every transaction writes the file's first page and raises the counter there. */
  #verifyCounter(header: DatabaseHeader, now: string): void {
    if (now !== this.identity || !this.#hasCounter(header)) throw new Unstable(beingWritten);
  }

  /** Databases that use logs have no counter to rely on: their file must rest, and there must still be no log with commits in it. */
  #verifyQuiet(now: string): void {
    if (!this.#isQuiet(now) || !this.#hasSameLog()) throw new Unstable(justWritten);
  }

  #isQuiet(now: string): boolean {
    return now === this.identity && !this.#isFresh;
  }

  #hasSameLog(): boolean {
    const inode = inodeAt(`${this.#path}-wal`);
    if (this.#log === undefined) return inode === undefined;
    return inode === inodeOf(this.#log) && this.#wal.isCurrent(this.#log);
  }

  #hasCounter(header: DatabaseHeader): boolean {
    if (this.#database === undefined || this.size === 0) return true;
    const bytes = Buffer.alloc(4);
    return readSync(this.#database, bytes, 0, 4, 24) === 4 && bytes.readUInt32BE(0) === header.changeCounter;
  }
}

const beingWritten = 'It is being written at this moment.';
const justWritten = 'It was written a moment ago.';

const hotJournal =
  'A transaction is under way, or was cut off: a rollback journal (-journal) lies beside the database. It is read again when the writer has finished; ' +
  'if no writer lives any more, open it once with "sqlite3 FILE .tables", which undoes the unfinished transaction.';

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

function tickOf(mtimeNs: bigint): number {
  return mtimeNs % 1_000_000_000n === 0n ? coarseTickMs : clockTickMs;
}

interface FileState {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

function identityOf({ ino, size, mtimeNs }: FileState): string {
  return `${ino}:${size}:${mtimeNs}`;
}

function identityAt(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'absent' : identityOf(found);
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
