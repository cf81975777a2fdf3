import { crc32c } from '../../base/crc32c.ts';
import * as disk from '../files/disk.ts';

/** Where the reading of a growing file goes on, and by what it is known to be the same file: a plain tree. */
export interface TailPosition {
  readonly inode: string;
  /** Behind the last record that was taken. */
  readonly offset: number;
  /** The checksum of the file's first bytes, and of those before `offset`. */
  readonly headLength: number;
  readonly headCrc: number;
  readonly tailLength: number;
  readonly tailCrc: number;
}

/** A file as it is now. Times in seconds since 1970. */
export interface TailState {
  readonly inode: string;
  readonly size: number;
  readonly modifiedAt: number;
  readonly createdAt: number;
  /** Changes whenever the file does. */
  readonly look: string;
}

/** Enough to notice a file that was written anew, little enough for a poll of ten thousand files. */
const tailBytes = 64;

/** The file as it is, or undefined where there is none. */
export async function stateOf(file: string): Promise<TailState | undefined> {
  try {
    const found = await disk.stat(file);
    if (!found.isFile()) return undefined;
    return {
      inode: String(found.ino),
      size: Number(found.size),
      modifiedAt: Number(found.mtimeNs) / 1e9,
      createdAt: Number(found.birthtimeNs) / 1e9,
      look: `${found.ino}:${found.size}:${found.mtimeNs}`,
    };
  } catch {
    return undefined;
  }
}

/** Whether what was read up to a position still stands in the file: the same inode, no shorter, and the same bytes at the head and before the position. */
export async function stillHolds(handle: disk.OpenFile, state: TailState, position: TailPosition): Promise<boolean> {
  if (state.inode !== position.inode || state.size < position.offset) return false;
  const { offset, headLength, headCrc, tailLength, tailCrc } = position;
  return (
    (await crcAt(handle, 0, headLength)) === headCrc &&
    (await crcAt(handle, offset - tailLength, tailLength)) === tailCrc
  );
}

/** The position behind a record. `headLength` says how much of the head must never change: the header of a table, for instance. */
export async function positionAt(
  handle: disk.OpenFile,
  state: TailState,
  offset: number,
  headLength: number,
): Promise<TailPosition> {
  const head = Math.min(offset, headLength);
  const tailLength = Math.min(offset, tailBytes);
  return {
    inode: state.inode,
    offset,
    headLength: head,
    headCrc: await crcAt(handle, 0, head),
    tailLength,
    tailCrc: await crcAt(handle, offset - tailLength, tailLength),
  };
}

/** Opens a file for reading; the message of the error where it cannot be. */
export async function openFile(file: string): Promise<disk.OpenFile | { readonly message: string }> {
  try {
    return await disk.open(file);
  } catch (error) {
    return { message: (error as Error).message };
  }
}

/** Fills a buffer from the file; gives back how many bytes there were. */
export function readFully(
  handle: disk.OpenFile,
  into: Uint8Array,
  at: number,
  length: number,
  offset: number,
): Promise<number> {
  return disk.readFully(handle, into.subarray(at, at + length), offset);
}

async function crcAt(handle: disk.OpenFile, offset: number, length: number): Promise<number> {
  if (length === 0) return 0;
  const bytes = new Uint8Array(length);
  return crc32c(bytes, 0, await readFully(handle, bytes, 0, length, offset));
}
