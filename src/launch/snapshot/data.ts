import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { flatten } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { contentHash } from '../contentHash.ts';

/** A file or folder that the configuration names, as it was at the launch. */
export interface DataFacts {
  /** Key of the configuration. */
  readonly key: string;
  readonly path: string;
  readonly kind: 'file' | 'folder';
  /** Of all files in it. Absent where a folder holds more than is counted. */
  readonly bytes?: number;
  readonly files?: number;
  /** Latest change, seconds since 1970. */
  readonly modifiedAt: number;
  /** Content hash of what is not too large for one. */
  readonly sha256?: string;
}

const maxPlaces = 40;
const maxFiles = 5_000;
const maxHashedBytes = 256 * 1024 * 1024;

/** Looks at what a configuration names: times and sizes always, content as long as it is small. Code and outputs are not data. */
export async function describeData(
  config: JsonObject,
  cwd: string,
  skip: readonly string[],
  signal: AbortSignal,
): Promise<readonly DataFacts[]> {
  const found: DataFacts[] = [];
  const seen = new Set<string>([path.resolve(cwd), ...skip.map((place) => path.resolve(place))]);
  let left = maxHashedBytes;
  for (const [key, value] of flatten(config)) {
    signal.throwIfAborted();
    if (found.length >= maxPlaces) break;
    const place = typeof value === 'string' ? placeOf(value, cwd) : undefined;
    if (place === undefined || seen.has(place)) continue;
    seen.add(place);
    const facts = await look(key, place);
    if (facts === undefined) continue;
    const isSmall = facts.bytes !== undefined && facts.bytes <= left;
    const sha256 = isSmall ? await contentHash(place, signal).catch(() => undefined) : undefined;
    if (sha256 !== undefined) left -= facts.bytes ?? 0;
    found.push(sha256 === undefined ? facts : { ...facts, sha256 });
  }
  return found;
}

/** A text that may be a path: one with a slash, or with an ending. The root and the home are nobody's data. */
function placeOf(text: string, cwd: string): string | undefined {
  if (text.length > 1_000 || text.includes('\n') || text.includes('${') || /^\w+:\/\//.test(text)) return undefined;
  if (!text.includes('/') && !/\.\w{1,8}$/.test(text)) return undefined;
  const place = path.resolve(cwd, text);
  const contains = !path.relative(place, cwd).startsWith('..');
  return contains || /\.(py|sh|ya?ml|toml)$/.test(place) ? undefined : place;
}

async function look(key: string, place: string): Promise<DataFacts | undefined> {
  const facts = await lstat(place).catch(() => undefined);
  if (facts === undefined) return undefined;
  const modifiedAt = facts.mtimeMs / 1000;
  if (facts.isFile()) return { key, path: place, kind: 'file', bytes: facts.size, files: 1, modifiedAt };
  if (!facts.isDirectory()) return undefined;
  const inside = await measure(place);
  return { key, path: place, kind: 'folder', modifiedAt, ...inside };
}

async function measure(folder: string): Promise<{ bytes: number; files: number; modifiedAt: number } | undefined> {
  const pending = [folder];
  const total = { bytes: 0, files: 0, modifiedAt: 0 };
  while (pending.length > 0) {
    const current = pending.pop()!;
    for (const entry of await readdir(current, { withFileTypes: true }).catch(() => [])) {
      const file = path.join(current, entry.name);
      if (entry.isDirectory()) pending.push(file);
      if (!entry.isFile()) continue;
      if (++total.files > maxFiles) return undefined;
      const facts = await lstat(file).catch(() => undefined);
      total.bytes += facts?.size ?? 0;
      total.modifiedAt = Math.max(total.modifiedAt, (facts?.mtimeMs ?? 0) / 1000);
    }
  }
  return total;
}
