import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Disposable } from '../base/disposables.ts';
import { knownSockets } from '../client/socketFile.ts';
import type { WorkerPaths } from '../protocol/paths.ts';
import { loadSqlite } from '../store/sqlite.ts';

const patienceMs = 6_000;
const retryMs = 50;

/**
 * Takes the lock that makes this process the user's only worker, or undefined where another worker answers on the socket. SQLite's exclusive lock is
 * one of the operating system: a worker that was killed has lost it, however it died, and no stale file can keep the next one out. Where the lock is
 * taken and nobody listens (a worker that is just coming or going), this waits a little.
 */
export async function takeLock(paths: WorkerPaths): Promise<Disposable | undefined> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const lock = tryToLock(paths.lock);
    if (lock !== undefined) return lock;
    if (Date.now() > deadline || (await somebodyListens(paths))) return undefined;
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

async function somebodyListens(paths: WorkerPaths): Promise<boolean> {
  for (const socket of knownSockets(paths)) if (await listensAt(socket)) return true;
  return false;
}

function listensAt(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
