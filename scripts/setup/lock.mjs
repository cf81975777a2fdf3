// A lock between processes, so that two first starts at once install a tool only once.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const POLL_MS = 250;
const OWNERLESS_MS = 10_000;

/**
 * Runs `work` while no other process runs work under the same lock folder. The folder names its owner's process id;
 * a lock whose owner is gone is taken over, so that a killed installation blocks nobody.
 * @template T
 * @param {string} lockDir folder that stands for the lock; its parent must exist
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(lockDir, work) {
  while (!tryLock(lockDir)) {
    if (isAbandoned(lockDir)) rmSync(lockDir, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
}

/** @param {string} lockDir */
function tryLock(lockDir) {
  try {
    mkdirSync(lockDir, { mode: 0o700 });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(path.join(lockDir, 'pid'), String(process.pid));
  return true;
}

/** @param {string} lockDir */
function isAbandoned(lockDir) {
  try {
    return !isAlive(Number(readFileSync(path.join(lockDir, 'pid'), 'utf8')));
  } catch {
    return isOlderThan(lockDir, OWNERLESS_MS);
  }
}

/** The moment between the folder and its pid file belongs to a living owner; a folder that stays without one does not.
 * @param {string} lockDir @param {number} milliseconds */
function isOlderThan(lockDir, milliseconds) {
  try {
    return Date.now() - statSync(lockDir).mtimeMs > milliseconds;
  } catch {
    return false;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
