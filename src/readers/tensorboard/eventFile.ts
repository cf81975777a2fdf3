import type { ReaderProblem } from '../../domain/records.ts';
import { type OpenFile, readFully } from '../files/disk.ts';
import type { EventCollector } from './collector.ts';
import { describeMalformed } from './event.ts';
import { FrameWalker, frameBytes, headerBytes } from './frames.ts';

/** How far one event file has been read. */
export interface FilePosition {
  /** End of the last record that was taken or skipped. */
  offset: number;
  /** Where the search for the next sound record goes on, while the bytes at `offset` are damaged. */
  search?: number;
  /** The offset that was last reported as damaged, so that it is said once. */
  told?: number;
}

export interface EventFile {
  readonly name: string;
  readonly handle: Pick<OpenFile, 'read'>;
  readonly size: number;
}

/** Reading is done in pieces of at most this size: it stays in the processor's cache between the disk and the scan. */
const largestChunk = 1 << 20;

/** A record above this is skipped unread: protocol buffers end at 2 GiB, and what a log shows is far smaller. */
const largestRecord = 1 << 28;

const lastIsWrong = 'The checksum of the last record is wrong: it is still being written, or it is damaged.';

/** Reads the records of one event file from a position, up to a budget, into a collector. */
export class EventFileScan {
  readonly #file: EventFile;
  readonly #position: FilePosition;
  readonly #collector: EventCollector;
  readonly problems: ReaderProblem[] = [];
  /** Bytes that were passed. */
  bytesRead = 0;
  #buffer: Uint8Array;

  constructor(file: EventFile, position: FilePosition, collector: EventCollector, buffer: Uint8Array) {
    this.#file = file;
    this.#position = position;
    this.#collector = collector;
    this.#buffer = buffer;
  }

  /** Reads until the budget or the whole records of the file end. True when the budget ended first. */
  async run(budget: number): Promise<boolean> {
    await this.#reconsiderDamage();
    for (;;) {
      const from = this.#position.search ?? this.#position.offset;
      if (this.#file.size - from < headerBytes) return false;
      if (this.bytesRead >= budget) return true;
      const wanted = Math.min(this.#buffer.length, this.#file.size - from);
      const length = await this.#read(from, wanted);
      const goesOn = this.#position.search === undefined ? this.#scan(from, length) : this.#search(from, length);
      // A short read means that the file was cut meanwhile; the next poll sees its new size.
      if (!goesOn || length < wanted) return false;
    }
  }

  /** Damage may have been a write that was seen half done (holes on network disks): when its beginning has become sound, it never was damage. */
  async #reconsiderDamage(): Promise<void> {
    if (this.#position.search === undefined) return;
    const length = await this.#read(this.#position.offset, headerBytes);
    if (new FrameWalker(this.#buffer, length).look() !== 'badLength') delete this.#position.search;
  }

  #read(from: number, wanted: number): Promise<number> {
    return readFully(this.#file.handle, this.#buffer.subarray(0, wanted), from);
  }

  /** Takes the whole records in the buffer. False where nothing more can be done until the file grows. */
  #scan(from: number, length: number): boolean {
    const walker = new FrameWalker(this.#buffer, length);
    const buffer = { bytes: walker.bytes, view: walker.view, file: this.#file.name, offset: from };
    for (;;) {
      const frame = walker.look();
      if (frame === 'record') {
        this.#take(walker, buffer);
        walker.advance();
        continue;
      }
      this.#moveTo(from + walker.position);
      if (frame === 'cut') return this.#afterCut(walker, from, length);
      if (frame === 'badLength') return this.#startSearch();
      if (!this.#passBadPayload(walker, from)) return false;
    }
  }

  #take(walker: FrameWalker, buffer: { bytes: Uint8Array; view: DataView; file: string; offset: number }): void {
    const { payloadStart, payloadLength } = walker;
    try {
      this.#collector.take(buffer, payloadStart, payloadStart + payloadLength);
    } catch (error) {
      this.#tell(buffer.offset + walker.position, describeMalformed(error));
    }
  }

  /** The record at the buffer's end goes on behind it: read from there, with a larger buffer where one record needs it, or wait for the file to grow. */
  #afterCut(walker: FrameWalker, from: number, length: number): boolean {
    const { position, payloadLength } = walker;
    const atEndOfFile = from + length >= this.#file.size;
    if (payloadLength < 0) return !atEndOfFile;
    const recordEnd = from + position + payloadLength + frameBytes;
    // Neither the position nor an allocation follows the length field beyond the file's real size.
    if (recordEnd > this.#file.size) return false;
    if (payloadLength > largestRecord) {
      this.#tell(from + position, `This record says that it holds ${payloadLength} bytes. It was skipped unread.`);
      this.#moveTo(recordEnd);
      return true;
    }
    if (payloadLength + frameBytes > this.#buffer.length) this.#buffer = new Uint8Array(payloadLength + frameBytes);
    return true;
  }

  #startSearch(): boolean {
    this.#position.search = this.#position.offset + 1;
    return true;
  }

  /** Looks for the next sound record behind damage. False when the file ends before there is one. */
  #search(from: number, length: number): boolean {
    const { offset } = this.#position;
    const found = new FrameWalker(this.#buffer, length).findHeader(0);
    if (found >= 0) {
      delete this.#position.search;
      this.#tellOnce(
        offset,
        `The file is damaged here: ${from + found - offset} bytes hold no record. Reading went on behind them.`,
      );
      this.#moveTo(from + found);
      return true;
    }
    const next = Math.max(from, from + length - headerBytes + 1);
    this.#position.search = next;
    this.bytesRead += next - from;
    if (from + length < this.#file.size && length >= headerBytes) return true;
    this.#tellOnce(
      offset,
      'The bytes from here to the end of the file hold no record. Reading goes on when a sound record follows.',
    );
    return false;
  }

  /** False for the file's last record: it may still be in writing. */
  #passBadPayload(walker: FrameWalker, from: number): boolean {
    const at = from + walker.position;
    const end = at + walker.payloadLength + frameBytes;
    const isLast = end >= this.#file.size;
    this.#tellOnce(at, isLast ? lastIsWrong : 'The checksum of this record is wrong, so it was not used.');
    if (isLast) return false;
    walker.advance();
    this.#moveTo(end);
    return true;
  }

  #moveTo(offset: number): void {
    this.bytesRead += Math.max(0, offset - this.#position.offset);
    this.#position.offset = offset;
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

/** How large a buffer a scan of so many bytes reads into. */
export function scanBytes(bytes: number): number {
  return Math.max(headerBytes, Math.min(bytes, largestChunk));
}
