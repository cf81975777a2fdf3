import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { writeFully } from '../../files/durableFile.ts';
import { cachedFile, cachedPath } from './dataCache.ts';

/** Smaller sets are scanned again sooner than files are remembered. */
const leastBytes = 64 * 1024 * 1024;
/** A file that changed so shortly before a scan may change again without another time: clocks of file systems tick coarsely. */
const settledMs = 2000;
/** Changes when scans give something else for the same files. */
const scanVersion = 1;

export interface ScanOptions {
  readonly leastBytes?: number;
  readonly settledMs?: number;
}

/**
 * What a scan over whole files gives, such as their hash or index: from an earlier run where every file is still the same by path, size, times of content and of inode to the nanosecond, and
 * number of its inode; by `scan` otherwise, so that a second run over many gigabytes does not read them all before it begins. `what` says what the scan depends on beside the files. The value
 * must be what `node:v8` can write. What is remembered lies in the user's cache, private to the user; where it cannot be written or read, the scan is made again.
 */
export async function rememberedScan<T>(
  what: string,
  files: readonly string[],
  scan: () => Promise<T>,
  options: ScanOptions = {},
): Promise<T> {
  const begin = identify(files);
  if (begin === undefined || begin.bytes < (options.leastBytes ?? leastBytes)) return await scan();
  const key = createHash('sha256')
    .update(JSON.stringify([scanVersion, what, begin.identity]))
    .digest('hex');
  const known = recall<T>(key);
  if (known !== undefined) return known.value;
  const settled = begin.lastChangeMs < Date.now() - (options.settledMs ?? settledMs);
  const value = await scan();
  if (settled && identify(files)?.identity === begin.identity) await remember(key, { key, value });
  return value;
}

interface Remembered<T> {
  readonly key: string;
  readonly value: T;
}

interface Identified {
  readonly identity: string;
  readonly bytes: number;
  readonly lastChangeMs: number;
}

/** Undefined where one of the files is not there, which the scan then says. */
function identify(files: readonly string[]): Identified | undefined {
  const hash = createHash('sha256');
  let bytes = 0;
  let lastChangeMs = 0;
  for (const file of files) {
    const facts = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (facts === undefined) return undefined;
    const { size, mtimeNs, ctimeNs, ino, dev } = facts;
    hash.update(`${JSON.stringify(path.resolve(file))} ${size} ${mtimeNs} ${ctimeNs} ${ino} ${dev}\n`);
    bytes += Number(size);
    lastChangeMs = Math.max(lastChangeMs, Number(facts.mtimeMs), Number(facts.ctimeMs));
  }
  return { identity: hash.digest('hex'), bytes, lastChangeMs };
}

function recall<T>(key: string): Remembered<T> | undefined {
  const file = cachedPath(nameOf(key));
  if (file === undefined) return undefined;
  try {
    const read = deserialize(readFileSync(file)) as Remembered<T>;
    return read.key === key ? read : undefined;
  } catch {
    // It is damaged, or was written by a later Node. The scan is made again.
    return undefined;
  }
}

async function remember(key: string, remembered: Remembered<unknown>): Promise<void> {
  try {
    await cachedFile(nameOf(key), async (handle) => writeFully(handle, serialize(remembered)));
  } catch {
    // A full disk costs the next run a scan, and this one nothing.
  }
}

function nameOf(key: string): string {
  return `${key}.scan`;
}
