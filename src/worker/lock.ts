import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Disposable } from '../base/disposables.ts';
import { loadSqlite } from '../store/sqlite.ts';

const patienceMs = 6_000;
const retryMs = 50;

/**
 * Takes the lock that makes this process the user's only worker, or undefined where another worker answers on the socket. SQLite's exclusive lock is
 * one of the operating system: a worker that was killed has lost it, however it died, and no stale file can keep the next one out. Where the lock is
 * taken and nobody listens (a worker that is just coming or going), this waits a little.
 */
export async function takeLock(file: string, socket: string): Promise<Disposable | undefined> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const lock = tryToLock(file);
    if (lock !== undefined) return lock;
    if (Date.now() > deadline || (await somebodyListens(socket))) return undefined;
    await delay(retryMs);
  }
}

function tryToLock(file: string): Disposable | undefined {
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
    return { dispose: () => database.close() };
  } catch (error) {
    database.close();
    const busy = 5;
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw error;
  }
}

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
