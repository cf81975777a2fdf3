import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';

/**
 * SHA-256 of what a file or folder holds. A file's is that of its bytes, as `sha256sum` prints it. A folder's is over its entries in the order of their names: for each its relative path, its kind and its
 * content, so that a file that moved, came or went changes it, and times do not. Undefined where there is nothing.
 */
export async function contentHash(place: string, signal?: AbortSignal): Promise<string | undefined> {
  const hash = createHash('sha256');
  const facts = await lstat(place).catch(() => undefined);
  if (facts === undefined) return undefined;
  if (facts.isDirectory()) await addFolder(hash, place, '', signal);
  else await addBytes(hash, place, signal);
  return hash.digest('hex');
}

async function addFolder(hash: Hash, root: string, relative: string, signal: AbortSignal | undefined): Promise<void> {
  const entries = await readdir(path.join(root, relative), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    signal?.throwIfAborted();
    const below = path.join(relative, entry.name);
    const name = below.split(path.sep).join('/');
    if (entry.isDirectory()) {
      hash.update(`folder ${name}\0`);
      await addFolder(hash, root, below, signal);
    } else if (entry.isSymbolicLink()) hash.update(`link ${name}\0${await readlink(path.join(root, below))}\0`);
    else if (entry.isFile()) {
      hash.update(`file ${name}\0`);
      await addContent(hash, path.join(root, below), signal);
    }
  }
}

/** The length goes in first, so that the end of one file and the beginning of the next cannot be taken for each other. */
async function addContent(hash: Hash, file: string, signal: AbortSignal | undefined): Promise<void> {
  const { size } = await lstat(file);
  hash.update(`${size}\0`);
  await addBytes(hash, file, signal);
}

async function addBytes(hash: Hash, file: string, signal: AbortSignal | undefined): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  for await (const piece of createReadStream(file, options)) hash.update(piece as Buffer);
}
