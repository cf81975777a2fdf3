import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder, private to the user, and those above it that are missing. Node's own `recursive` says "no such file" for a read-only
 * file system; this throws what the system said.
 */
export function makeFolders(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (isFolder(folder)) return;
    const parent = path.dirname(folder);
    if ((error as { code?: unknown }).code !== 'ENOENT' || parent === folder) throw error;
    makeFolders(parent);
    makeFolders(folder);
  }
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
