import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkerPaths } from '../protocol/paths.ts';

/**
 * Where the worker of this home really listens. Two programs of one user may have different runtime directories (a terminal has XDG_RUNTIME_DIR, a
 * remote extension host often has not), and would look for the socket in different places; the home, which they share, tells.
 */
export function knownSockets(paths: WorkerPaths): readonly string[] {
  try {
    const noted = readFileSync(noteOf(paths), 'utf8').trim();
    return noted === '' || noted === paths.socket ? [paths.socket] : [noted, paths.socket];
  } catch {
    return [paths.socket];
  }
}

/** Notes where the worker listens. The home is private to the user, so nobody else can send clients elsewhere. */
export function noteSocket(paths: WorkerPaths): void {
  const temporary = `${noteOf(paths)}.tmp-${process.pid}`;
  writeFileSync(temporary, `${paths.socket}\n`, { mode: 0o600 });
  renameSync(temporary, noteOf(paths));
}

function noteOf(paths: WorkerPaths): string {
  return path.join(paths.home, 'worker.socket');
}
