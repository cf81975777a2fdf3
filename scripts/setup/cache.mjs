// The folder where tools that are not part of the repository are kept between runs. Private to the user.
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** `TRAINYARD_CACHE`, else `$XDG_CACHE_HOME/trainyard-dev`, else `~/.cache/trainyard-dev`. */
export const cacheDir =
  process.env['TRAINYARD_CACHE'] ??
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'trainyard-dev');

/**
 * A folder below the cache, made if need be, that only this user may enter.
 * @param {string[]} parts
 * @returns {string}
 */
export function cacheFolder(...parts) {
  const dir = path.join(cacheDir, ...parts);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}
