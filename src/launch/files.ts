import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Writes a file whole: temporary name in the same folder, synced, renamed, folder synced. A reader sees the old content or the new one. */
export function writeFileSynced(file: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${file}.tmp-${process.pid}`;
  try {
    writeAndSync(temporary, content, mode);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/** Writes a tree as JSON, as `writeFileSynced` does. */
export function writeJsonSynced(file: string, value: unknown, mode?: number): void {
  writeFileSynced(file, `${JSON.stringify(value, undefined, 2)}\n`, mode);
}

/** Creates a file with content and syncs it; an existing one is an error. */
export function writeAndSync(file: string, content: string | Uint8Array, mode = 0o600): void {
  const descriptor = openSync(file, 'w', mode);
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes a file with content, and false where there is one already: of many who try, also in several processes, one succeeds. A hard link is made whole or
 * not at all, so the file is never seen half written.
 */
export function createFileSynced(
  file: string,
  content: string,
  options: { readonly syncFolder?: boolean } = {},
): boolean {
  const temporary = `${file}.new-${process.pid}`;
  writeAndSync(temporary, content);
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  if (options.syncFolder !== false) syncFolder(path.dirname(file));
  return true;
}

/** Makes a rename or a new file in the folder last through a power cut. Windows does not know the notion. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } catch {
    // Some network file systems refuse to sync folders; the content itself is synced.
  } finally {
    closeSync(descriptor);
  }
}

/** The tree in a JSON file, or undefined where the file is missing or does not hold JSON (yet). */
export function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
