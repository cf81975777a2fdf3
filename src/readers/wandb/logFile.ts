import { crc32 } from 'node:zlib';
import type { ReaderProblem } from '../../domain/records.ts';
import type { OpenFile } from '../files/disk.ts';
import { MalformedMessage } from '../tensorboard/wire.ts';
import { type Piece, ReadAhead } from './readAhead.ts';

/** How far a transaction log has been read. */
export interface LogPosition {
  /** End of the last record that was taken or skipped. */
  offset: number;
  /** The offset that was last reported as damaged, so that it is said once. */
  told?: number;
  /** Damage was passed: pieces of a record that began in it are nothing new. */
  skipping?: true;
}

/** A record of the log in a buffer. */
export interface LogRecord {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  /** Offset in the file of the record's first byte; -1 where its bytes do not lie together in the file. */
  readonly fileOffset: number;
}

/** Takes a record, whose bytes stay as they are until `settle`. Throws MalformedMessage. */
export type TakeRecord = (record: LogRecord) => void;

export interface ScanOptions {
  /** The buffer is about to be used for other bytes. */
  readonly settle?: () => void;
  /** For tests. */
  readonly bufferSize?: number;
}

export interface LogFile {
  readonly name: string;
  readonly handle: Pick<OpenFile, 'read'>;
  readonly size: number;
}

/** `:W&B`, 0xBEE1 in little-endian order, version 0. It counts as part of the first block. */
export const fileHeader: readonly number[] = [0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00];
const blockBytes = 32768;
const chunkHeader = 7;
const types = { full: 1, first: 2, middle: 3, last: 4 } as const;

/** Reading is done in pieces of at most this size: it stays in the processor's cache between the disk and the scan. */
const largestBuffer = 1 << 20;
/** A piece that is read holds at least one whole block wherever it begins. */
const smallestBuffer = 2 * blockBytes;
/** A record above this is skipped: what a program logs is far smaller. */
const largestRecord = 1 << 27;

/** A record whose first pieces were read. */
interface Pending {
  readonly start: number;
  readonly parts: Uint8Array[];
  length: number;
}

/**
 * Reads the records of a W&B transaction log from a position, up to a budget. The log is LevelDB's (blocks of 32 KiB; chunks of u32 checksum, u16 length,
 * u8 type, data), but the checksum is zlib's CRC-32 over type and data, and seven bytes of a file header stand in the first block
 * (wandb/sdk/internal/datastore.py, core/pkg/leveldb/record.go). A damaged chunk ends its block; reading goes on with the next record that begins.
 */
export class LogScan {
  readonly problems: ReaderProblem[] = [];
  readonly #file: LogFile;
  readonly #position: LogPosition;
  readonly #take: TakeRecord;
  readonly #settle: () => void;
  readonly #pieces: ReadAhead;
  #piece: Piece = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)), length: 0 };
  #pending: Pending | undefined;

  constructor(file: LogFile, position: LogPosition, take: TakeRecord, options: ScanOptions = {}) {
    this.#file = file;
    this.#position = position;
    this.#take = take;
    this.#settle = options.settle ?? (() => {});
    const wanted = Math.min(options.bufferSize ?? largestBuffer, file.size - position.offset + blockBytes);
    this.#pieces = new ReadAhead(file.handle, file.size, blockBytes, Math.max(wanted, smallestBuffer));
  }

  /** Reads until the budget or the whole records of the file end; a record that was begun is read to its end. True when the budget ended first. */
  async run(budget: number): Promise<boolean> {
    try {
      if (this.#position.offset === 0 && !(await this.#passFileHeader())) return false;
      return await this.#readRecords(this.#position.offset + Math.max(1, budget));
    } finally {
      this.#settle();
      await this.#pieces.end();
    }
  }

  async #readRecords(budgetEnd: number): Promise<boolean> {
    for (let from = this.#position.offset; ; ) {
      this.#piece = await this.#pieces.get(from, budgetEnd);
      const { next, end } = this.#scan(from, this.#piece.length, budgetEnd);
      this.#settle();
      if (end !== 'buffer') return end === 'budget';
      // A short read means that the file was cut meanwhile; the next poll sees its new size.
      if (next >= this.#file.size || next === from) return false;
      from = next;
    }
  }

  async #passFileHeader(): Promise<boolean> {
    if (this.#file.size < fileHeader.length) return false;
    const { bytes } = await this.#pieces.get(0, 0);
    if (fileHeader.every((byte, index) => bytes[index] === byte)) {
      this.#position.offset = fileHeader.length;
      return true;
    }
    this.#tellOnce(0, 'The file does not begin as a W&B transaction log of version 0 does, so it was not read.');
    return false;
  }

  /** Takes what the buffer holds. `buffer`: it goes on at `next`, behind the buffer. `file`: nothing more can be done until the file grows. */
  #scan(
    from: number,
    length: number,
    budgetEnd: number,
  ): { readonly next: number; readonly end: 'buffer' | 'file' | 'budget' } {
    const { bytes: buffer, view } = this.#piece;
    for (let at = 0; ; ) {
      const left = blockBytes - ((from + at) % blockBytes);
      if (left < chunkHeader) {
        at += left;
        continue;
      }
      if (at + chunkHeader > length) return { next: from + at, end: 'buffer' };
      const size = buffer[at + 4]! | (buffer[at + 5]! << 8);
      const type = buffer[at + 6]!;
      const chunkEnd = at + chunkHeader + size;
      const fits = type >= types.full && type <= types.last && chunkHeader + size <= left;
      if (fits && chunkEnd > length) return { next: from + at, end: 'buffer' };
      if (fits && crc32(buffer.subarray(at + 6, chunkEnd)) === view.getUint32(at, true)) {
        this.#takeChunk(type, at, chunkEnd, from);
        at = chunkEnd;
      } else if (this.#passDamage(from, at, left)) at += left;
      else return { next: from + at, end: 'file' };
      if (this.#pending === undefined && from + at >= budgetEnd) return { next: from + at, end: 'budget' };
    }
  }

  #takeChunk(type: number, at: number, chunkEnd: number, from: number): void {
    const dataStart = at + chunkHeader;
    if (type === types.full) {
      this.#dropPending();
      this.#takeRecord(this.#piece.bytes, this.#piece.view, dataStart, chunkEnd, from + dataStart, from + at);
      this.#moveTo(from + chunkEnd);
    } else if (type === types.first) {
      this.#dropPending();
      this.#pending = { start: from + at, parts: [], length: 0 };
      this.#append(dataStart, chunkEnd, from);
    } else if (this.#pending === undefined) this.#passOrphan(from + at, from + chunkEnd);
    else {
      this.#append(dataStart, chunkEnd, from);
      if (type === types.last) this.#takePending(from + chunkEnd);
    }
  }

  #append(start: number, end: number, from: number): void {
    const pending = this.#pending!;
    pending.length += end - start;
    pending.parts.push(this.#piece.bytes.slice(start, end));
    if (pending.length <= largestRecord) return;
    this.#tell(pending.start, `This record has more than ${largestRecord} bytes, so it was not used.`);
    this.#pending = undefined;
    this.#moveTo(from + end);
    this.#position.skipping = true;
  }

  #takePending(end: number): void {
    if (this.#pending === undefined) return;
    const { start, parts, length } = this.#pending;
    this.#pending = undefined;
    // No Buffer: the functions that read it stay fast only while all bytes are of one class.
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.#takeRecord(whole, new DataView(whole.buffer), 0, length, -1, start);
    this.#moveTo(end);
  }

  #takeRecord(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    fileOffset: number,
    chunkOffset: number,
  ): void {
    try {
      this.#take({ bytes, view, start, end, fileOffset });
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#tell(chunkOffset, `This record is malformed, so it was not used: ${error.message}`);
    }
  }

  /** A record began, and another one begins before it ended: a writer was killed within it and the file was written on. */
  #dropPending(): void {
    if (this.#pending === undefined) return;
    this.#tellOnce(this.#pending.start, 'The record that begins here has no end, so it was not used.');
    this.#pending = undefined;
  }

  #passOrphan(at: number, end: number): void {
    const { skipping } = this.#position;
    if (skipping !== true)
      this.#tellOnce(at, 'A piece of a record stands here whose beginning is missing. It was not used.');
    this.#moveTo(end);
    this.#position.skipping = true;
  }

  /**
   * Goes to the next block. False while the damaged one is the file's last: it may still be in writing, and zeros there are room that was kept for it.
   */
  #passDamage(from: number, at: number, left: number): boolean {
    const offset = from + at;
    if (this.#file.size <= offset + left) {
      if (this.#piece.bytes.subarray(at, at + chunkHeader).some((byte) => byte !== 0))
        this.#tellOnce(offset, 'The end of the log is damaged, or it is still being written.');
      return false;
    }
    this.#pending = undefined;
    this.#tellOnce(
      offset,
      `The log is damaged here: ${left} bytes were passed. Reading went on with the next whole record.`,
    );
    this.#moveTo(offset + left);
    this.#position.skipping = true;
    return true;
  }

  #moveTo(offset: number): void {
    this.#position.offset = offset;
    if (this.#position.skipping === true) delete this.#position.skipping;
  }

  #tellOnce(offset: number, message: string): void {
    if (this.#position.told === offset) return;
    this.#position.told = offset;
    this.#tell(offset, message);
  }

  #tell(offset: number, message: string): void {
    this.problems.push({ file: this.#file.name, offset, message });
  }
}
