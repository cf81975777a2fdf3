// The repository's own packages: node_modules as package-lock.json says.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cache.mjs';
import { withLock } from './lock.mjs';
import { npm } from './npm.mjs';
import { step } from './step.mjs';

/**
 * Makes node_modules agree with package-lock.json; does nothing when it already does.
 * @param {string} repo the repository's root
 * @returns {Promise<void>}
 */
export async function ensurePackages(repo) {
  if (missingPackage(repo) === undefined) return;
  const lock = path.join(cacheFolder(), `packages-${hash(repo)}.lock`);
  await withLock(lock, async () => {
    const missing = missingPackage(repo);
    if (missing !== undefined) await step(`npm packages of the repository (${missing})`, () => npm(['ci'], repo));
  });
}

/**
 * Says why node_modules does not agree with the lock file, or `undefined` when it does. npm itself notes what it
 * installed in `node_modules/.package-lock.json`; packages for other platforms are absent there, which is right.
 * @param {string} repo
 * @returns {string | undefined}
 */
export function missingPackage(repo) {
  const installedFile = path.join(repo, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'node_modules is missing';
  const wanted = packagesOf(path.join(repo, 'package-lock.json'));
  const installed = packagesOf(installedFile);
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === '') continue;
    const version = installed[name]?.version;
    if (version === undefined && entry.optional) continue;
    if (version !== entry.version) return `${name} is ${version ?? 'missing'}, the lock file says ${entry.version}`;
  }
  return undefined;
}

/**
 * Optional packages that the lock file's packages ask for and that it has no entry for. `npm ci` refuses such a lock file.
 * @param {Record<string, { dev?: boolean, optionalDependencies?: Record<string, string> }>} packages
 * @returns {{ name: string, version: string, dev: boolean }[]}
 */
export function missingOptional(packages) {
  return Object.entries(packages).flatMap(([key, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !(`node_modules/${name}` in packages) && !(`${key}/node_modules/${name}` in packages))
      .map(([name, version]) => ({ name, version: version.replace(/^[~^]/, ''), dev: entry.dev === true })),
  );
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean }>} */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** A short stable name for a path (32-bit FNV-1a). @param {string} text */
function hash(text) {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value.toString(16).padStart(8, '0');
}
