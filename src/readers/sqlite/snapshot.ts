import type { Disposable } from '../../base/disposables.ts';
import { givePiece, takePiece } from '../files/spareMemory.ts';
import { BlockCache } from './blockCache.ts';
import { SqliteFault, Unstable } from './fault.ts';
import { type DatabaseHeader, headerBytes, readHeader } from './header.ts';
import { LiveFiles } from './liveFiles.ts';
import type { WalIndex } from './wal.ts';

/** The database file is read in blocks of this size; pages are parts of them. */
const blockBytes = 1 << 16;
/** Twice this many blocks are kept: 8 MiB. */
const keptBlocks = 64;
/** Pages of the log are kept one by one: twice 4 MiB. */
const keptLogBytes = 1 << 22;

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
  readonly #acceptsDamage: (version: string) => boolean;
  readonly #wal: WalIndex;
  readonly #files: LiveFiles;
  readonly #blocks = new BlockCache(keptBlocks);
  readonly #logPages: BlockCache;

  /** Rejects by throwing: a system error where the file cannot be opened, SqliteFault where it is no database, Unstable while a change is under way. */
  constructor(path: string, wal: WalIndex, acceptsDamage: (version: string) => boolean) {
    this.#wal = wal;
    this.#acceptsDamage = acceptsDamage;
    this.#files = new LiveFiles(path, wal);
    try {
      this.header = this.#readHeader();
      this.#logPages = new BlockCache(Math.max(16, Math.floor(keptLogBytes / Math.max(512, wal.pageSize))));
      const known = wal.frames > 0 ? wal.pageCount : this.header.pageCount;
      this.pageCount = known > 0 ? known : Math.floor(this.#files.size / this.header.pageSize);
      this.version = `${this.#files.identity}|${this.header.changeCounter}|${wal.salts.toString('hex')}:${wal.frames}`;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** The bytes of a page, as long as a page is; the next call may change them. Numbers begin at 1. Throws SqliteFault where there is none. */
  page(number: number): Uint8Array {
    const inLog = this.#wal.pages.get(number);
    if (inLog !== undefined) return this.#logPage(number, inLog);
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
    this.#files.verify(this.header);
  }

  /** The same for an error: damage that is thrown is damage only of a state that did not change while it was read. Gives back the error that is to be told. */
  explain(error: unknown): unknown {
    return error instanceof SqliteFault ? this.#explain(error, this.header) : error;
  }

  dispose(): void {
    this.#files.dispose();
    for (const { buffer } of this.#blocks.drain()) givePiece(buffer as ArrayBuffer);
  }

  #readHeader(): DatabaseHeader {
    if (this.#files.size === 0 && this.#wal.frames === 0) return emptyHeader;
    const bytes = new Uint8Array(headerBytes);
    const inLog = this.#wal.pages.get(1);
    const length = inLog === undefined ? this.#files.readDatabase(bytes, 0) : this.#files.readLog(bytes, inLog);
    try {
      const header = readHeader(bytes.subarray(0, length));
      if (this.#wal.frames > 0 && header.pageSize !== this.#wal.pageSize)
        throw new SqliteFault('The database and its write-ahead log have pages of different sizes.', 0);
      this.#files.refuseFresh(header);
      // The counter may be that of a commit that began since; its time may be within the same tick of the clock.
      this.#files.refuseHotJournal();
      return header;
    } catch (error) {
      throw error instanceof SqliteFault ? this.#explain(error, undefined) : error;
    }
  }

  #explain(fault: SqliteFault, header: DatabaseHeader | undefined): unknown {
    try {
      this.#files.verify(header);
      return fault;
    } catch (error) {
      return error;
    }
  }

  #logPage(number: number, offset: number): Uint8Array {
    const known = this.#logPages.get(number);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(this.#logPages.reuse() ?? new ArrayBuffer(this.header.pageSize));
    if (this.#files.readLog(bytes, offset) < bytes.length) throw new Unstable('Its write-ahead log became shorter.');
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
      const length = this.#files.readDatabase(bytes, index * blockBytes);
      block = bytes.subarray(0, length);
      this.#blocks.set(index, block);
    }
    const start = offset - index * blockBytes;
    if (start + pageSize > block.length)
      throw new SqliteFault(`The file ends before page ${number}: it is not whole.`, offset);
    return block.subarray(start, start + pageSize);
  }
}

const emptyHeader: DatabaseHeader = {
  pageSize: 4096,
  usableSize: 4096,
  isLogged: false,
  changeCounter: 0,
  pageCount: 0,
  schemaCookie: 0,
  freePages: 0,
  encoding: 'utf-8',
};
