import { type FileHandle, open } from 'node:fs/promises';
import { fail, type Result } from '../../base/result.ts';
import type { ByteSource } from '../../base/zip.ts';

/** Why a file gives nothing: it is not there, not of the form, or not whole; in a sentence. */
export type FileReason = 'unreadable' | 'bad-file' | 'unfinished';

export type BytesFile = ByteSource;

/** Opens a file for as long as `use` needs it. What the system says when it cannot be read is an outcome, not an exception. */
export async function withFile<T>(
  path: string,
  use: (file: BytesFile) => Promise<Result<T, FileReason>>,
): Promise<Result<T, FileReason>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { size } = await handle.stat();
    const opened = handle;
    return await use({ path, size, read: (offset, length) => readAt(opened, offset, Math.min(length, size - offset)) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return fail('unreadable', `${path} cannot be read: ${(error as Error).message}`);
  } finally {
    await handle?.close();
  }
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, length));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
