import { fstatSync, readSync } from 'node:fs';

const headerSize = 32;
const frameHeaderSize = 24;
const frameSaltsAt = 8;
const leastMagic = 0x377f0682;
/** Frames are read in pieces of about this size. */
const pieceBytes = 1 << 20;

/**
 * Which pages of a database stand in its write-ahead log: those of transactions that were committed, frame by frame as far as salts and running
 * checksums hold (https://www.sqlite.org/fileformat2.html §4). It is kept between reads, so that only new frames are checked.
 */
export class WalIndex {
  /** Offset of the page's content in the log, by page number, as of the last commit. */
  pages = new Map<number, number>();
  /** 0 where there is no log with a sound header. */
  pageSize = 0;
  /** Size of the database in pages after the last commit; 0 where the log holds no commit. */
  pageCount = 0;
  /** Frames up to the last commit. */
  frames = 0;
  #header: Buffer = Buffer.alloc(0);
  #inode = '';
  #bigEndian = false;
  #sum0 = 0;
  #sum1 = 0;

  /** The two salts as they stand in the log's header: a log that was begun anew has others. */
  get salts(): Buffer {
    return this.#header.subarray(16, 24);
  }

  /** Takes what was committed since the last call. A log that was begun anew is read anew; one that holds nothing sound is empty. */
  update(fd: number): void {
    const { size, ino } = fstatSync(fd, { bigint: true });
    const header = Buffer.alloc(headerSize);
    const length = readSync(fd, header, 0, headerSize, 0);
    if (length < headerSize || !this.#isSame(header, String(ino))) this.#begin(header.subarray(0, length), String(ino));
    if (this.pageSize > 0) this.#scan(fd, Number(size));
  }

  /** Whether the log still begins as it did: then none of the frames that were seen has been written over, since new salts are written first. */
  isCurrent(fd: number): boolean {
    const header = Buffer.alloc(headerSize);
    const length = readSync(fd, header, 0, headerSize, 0);
    return header.subarray(0, length).equals(this.#header);
  }

  /** Whether behind the last commit that is known a frame of this log was written: a later commit, or a part of one that may still be undone. */
  goesOn(fd: number): boolean {
    const salts = Buffer.alloc(8);
    const next = headerSize + this.frames * (frameHeaderSize + this.pageSize);
    return readSync(fd, salts, 0, salts.length, next + frameSaltsAt) === salts.length && salts.equals(this.salts);
  }

  /** Forgets all, for a database without a log. */
  clear(): void {
    this.#begin(Buffer.alloc(0), '');
  }

  #isSame(header: Buffer, inode: string): boolean {
    return this.#inode === inode && this.#header.equals(header);
  }

  #begin(header: Buffer, inode: string): void {
    this.pages = new Map();
    this.pageSize = 0;
    this.pageCount = 0;
    this.frames = 0;
    this.#header = Buffer.from(header);
    this.#inode = inode;
    if (header.length < headerSize) return;
    const magic = header.readUInt32BE(0);
    if (magic !== leastMagic && magic !== leastMagic + 1) return;
    this.#bigEndian = (magic & 1) === 1;
    const pageSize = header.readUInt32BE(8);
    this.#sum0 = 0;
    this.#sum1 = 0;
    this.#add(new DataView(header.buffer, header.byteOffset, headerSize), 0, 24);
    const isSound = this.#sum0 >>> 0 === header.readUInt32BE(24) && this.#sum1 >>> 0 === header.readUInt32BE(28);
    const isPageSize = pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0;
    if (isSound && isPageSize) this.pageSize = pageSize;
  }

  #scan(fd: number, size: number): void {
    const frameSize = frameHeaderSize + this.pageSize;
    const buffer = Buffer.alloc(Math.max(1, Math.floor(pieceBytes / frameSize)) * frameSize);
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    const [committedSum0, committedSum1] = [this.#sum0, this.#sum1];
    const state = { sum0: committedSum0, sum1: committedSum1, pending: new Map<number, number>(), frame: this.frames };
    for (let more = true; more; ) {
      const from = headerSize + state.frame * frameSize;
      const wanted = Math.min(buffer.length, size - from);
      const length = wanted >= frameSize ? readSync(fd, buffer, 0, wanted, from) : 0;
      const whole = Math.floor(length / frameSize);
      let taken = 0;
      while (taken < whole && this.#takeFrame(view, taken * frameSize, state)) taken++;
      more = whole > 0 && taken === whole;
    }
    // The next scan begins behind the last commit: what follows it may be written over.
    this.#sum0 = state.sum0;
    this.#sum1 = state.sum1;
  }

  /** Checks one frame and remembers its page; a commit makes everything before it valid. False where the log ends. */
  #takeFrame(
    view: DataView,
    at: number,
    state: { sum0: number; sum1: number; pending: Map<number, number>; frame: number },
  ): boolean {
    const header = this.#header;
    const isOfThisLog =
      view.getUint32(at + 8) === header.readUInt32BE(16) && view.getUint32(at + 12) === header.readUInt32BE(20);
    if (!isOfThisLog) return false;
    this.#add(view, at, 8);
    this.#add(view, at + frameHeaderSize, this.pageSize);
    if (this.#sum0 >>> 0 !== view.getUint32(at + 16) || this.#sum1 >>> 0 !== view.getUint32(at + 20)) return false;
    const page = view.getUint32(at);
    if (page === 0) return false;
    state.pending.set(page, headerSize + state.frame * (frameHeaderSize + this.pageSize) + frameHeaderSize);
    state.frame++;
    const pagesAfterCommit = view.getUint32(at + 4);
    if (pagesAfterCommit === 0) return true;
    for (const [number, offset] of state.pending) this.pages.set(number, offset);
    state.pending.clear();
    state.sum0 = this.#sum0;
    state.sum1 = this.#sum1;
    this.pageCount = pagesAfterCommit;
    this.frames = state.frame;
    return true;
  }

  /** The running checksum over 32-bit words, two at a time. */
  #add(view: DataView, from: number, length: number): void {
    const little = !this.#bigEndian;
    let sum0 = this.#sum0;
    let sum1 = this.#sum1;
    for (let at = from; at < from + length; at += 8) {
      sum0 = (sum0 + view.getInt32(at, little) + sum1) | 0;
      sum1 = (sum1 + view.getInt32(at + 4, little) + sum0) | 0;
    }
    this.#sum0 = sum0;
    this.#sum1 = sum1;
  }
}
