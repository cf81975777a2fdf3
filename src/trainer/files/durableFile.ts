import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Names that begin like this are files on their way; what a kill left of them may be deleted at the next start. */
export const temporaryPrefix = '.writing-';

/**
 * Writes a file so that it is either the old one or the whole new one, whenever the process or the machine dies: into a temporary
 * name in the same folder, synced, renamed, and the folder synced. Nothing of the temporary file stays behind after an error.
 */
export function writeFileDurably(file: string, chunks: Uint8Array | string | readonly Uint8Array[]): void {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `${temporaryPrefix}${process.pid}-${path.basename(file)}.tmp`);
  try {
    writeAndSync(temporary, asChunks(chunks));
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** A JSON file for people and programs, written durably. */
export function writeJsonDurably(file: string, value: unknown): void {
  writeFileDurably(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Makes renames and new names in a folder survive a power failure. Windows has no such call and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Writes all of the bytes, however many calls the system needs for them. */
export function writeFully(handle: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.byteLength) at += writeSync(handle, bytes, at, bytes.byteLength - at);
}

function writeAndSync(file: string, chunks: readonly Uint8Array[]): void {
  const handle = openSync(file, 'w', 0o600);
  try {
    for (const chunk of chunks) writeFully(handle, chunk);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function asChunks(chunks: Uint8Array | string | readonly Uint8Array[]): readonly Uint8Array[] {
  if (typeof chunks === 'string') return [Buffer.from(chunks)];
  return chunks instanceof Uint8Array ? [chunks] : chunks;
}
