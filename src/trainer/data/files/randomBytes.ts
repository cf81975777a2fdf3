import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Disposable } from '../../../base/disposables.ts';
import { badData, spaced } from './badData.ts';

/** A file of which pieces are read from anywhere, in memory or on disk. */
export interface RandomBytes extends Disposable {
  readonly path: string;
  readonly size: number;
  /** Whether all of it lies in memory: pieces are views then, not copies. */
  readonly resident: boolean;
  /** Exactly `length` bytes. Throws AppError 'bad-data' where the file has become shorter. */
  read(offset: number, length: number): Uint8Array;
}

/** Files up to this size are read whole. */
const largestResident = 64 * 1024 * 1024;
/** A Buffer cannot be much larger, and a packed file can only be read from anywhere when it is unpacked. */
const largestUnpacked = 2 ** 31 - 1;

/** Opens a file, in memory where it is small and has at most `mostResident` bytes. What ends in `.gz` is unpacked into memory. */
export function openBytes(file: string, mostResident = largestResident): RandomBytes {
  if (isPacked(file)) return new ResidentBytes(file, unpack(file));
  const descriptor = openSync(file, 'r');
  const { size } = fstatSync(descriptor);
  if (size > Math.min(mostResident, largestResident)) return new StoredBytes(file, descriptor, size);
  try {
    return new ResidentBytes(file, readFileSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

export function isPacked(file: string): boolean {
  return file.toLowerCase().endsWith('.gz');
}

/** The unpacked bytes of a gzip file. Throws AppError 'bad-data' where it is cut or damaged. */
export function unpack(file: string): Buffer {
  try {
    return gunzipSync(readFileSync(file), { maxOutputLength: largestUnpacked });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      const hint = 'Unpack it with gunzip, and give the path of what comes out.';
      throw badData(`${path.basename(file)} unpacks to more than 2 GB, too much to hold in memory.`, { file, hint });
    }
    throw badData(`${path.basename(file)} cannot be unpacked, it is cut or damaged: ${why}`, { file });
  }
}

class ResidentBytes implements RandomBytes {
  readonly path: string;
  readonly resident = true;
  readonly #bytes: Uint8Array;

  constructor(file: string, bytes: Uint8Array) {
    this.path = file;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    if (offset + length > this.size) throw endsEarly(this, this.size);
    return this.#bytes.subarray(offset, offset + length);
  }

  dispose(): void {}
}

class StoredBytes implements RandomBytes {
  readonly path: string;
  readonly size: number;
  readonly resident = false;
  #descriptor: number | undefined;

  constructor(file: string, descriptor: number, size: number) {
    this.path = file;
    this.size = size;
    this.#descriptor = descriptor;
  }

  read(offset: number, length: number): Uint8Array {
    if (this.#descriptor === undefined) throw badData(`${this.path} was closed.`);
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.#descriptor, bytes, done, length - done, offset + done);
      if (count === 0) throw endsEarly(this, offset + done);
      done += count;
    }
    return bytes;
  }

  dispose(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function endsEarly({ path: file }: RandomBytes, end: number): Error {
  return badData(`${path.basename(file)} ends at byte ${spaced(end)} now; it was longer when the run began.`, { file });
}
