import path from 'node:path';
import { crc32 } from 'node:zlib';
import { type OpenFile, open, stat } from '../files/disk.ts';
import type { FileCursor } from './cursor.ts';

/** A file that only grows, as it is now. */
export interface FileState {
  readonly name: string;
  readonly inode: string;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
}

/** Names an opened file's beginning: the same bytes stay there while it grows. */
const headBytes = 512;

/** Undefined where there is no such file, or a link that leads nowhere. */
export async function stateOf(folder: string, name: string): Promise<FileState | undefined> {
  try {
    const found = await stat(path.join(folder, name));
    if (!found.isFile()) return undefined;
    return { name, inode: String(found.ino), size: Number(found.size), modifiedAt: Number(found.mtimeNs) / 1e9 };
  } catch {
    return undefined;
  }
}

/** Runs `use` with the opened file, and closes it. */
export async function withFile<T>(folder: string, name: string, use: (handle: OpenFile) => Promise<T>): Promise<T> {
  const handle = await open(path.join(folder, name));
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** Whether the file is another one than the cursor's: replaced, shorter, or written anew in its place. A file that did not grow is not opened. */
export async function isReplaced(folder: string, file: FileState | undefined, known: FileCursor): Promise<boolean> {
  if (file === undefined || file.inode !== known.inode || file.size < known.offset) return true;
  if (file.size === known.offset) return false;
  const head = await withFile(folder, file.name, (handle) => headOf(handle, known.headLength)).catch(() => undefined);
  return head !== undefined && head.headCrc !== known.headCrc;
}

/** A cursor at the place of the known one, with as much of the head as there is by now. */
export async function growingCursor(
  handle: OpenFile,
  file: FileState,
  known: FileCursor | undefined,
): Promise<FileCursor> {
  if (known !== undefined && known.headLength >= headBytes) return { ...known };
  const head = await headOf(handle, Math.min(headBytes, file.size));
  return { ...(known ?? { offset: 0, inode: file.inode }), ...head };
}

async function headOf(handle: OpenFile, length: number): Promise<{ headLength: number; headCrc: number }> {
  const head = new Uint8Array(length);
  const { bytesRead } = await handle.read(head, 0, length, 0);
  return { headLength: bytesRead, headCrc: crc32(head.subarray(0, bytesRead)) };
}
