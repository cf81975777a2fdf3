import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../base/errors.ts';

/** Makes a folder that only this user may enter, or checks that an existing one is such. Throws `worker-unavailable` where somebody else made it. */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (process.platform === 'win32') return;
  const facts = lstatSync(folder);
  if (!facts.isDirectory() || facts.uid !== process.getuid?.()) throw notOurs(folder);
  if ((facts.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/** Throws `worker-unavailable` where the socket's folder belongs to another user, who could listen in our worker's place. */
export function checkSocketFolder(socket: string): void {
  if (process.platform === 'win32') return;
  const folder = path.dirname(socket);
  const facts = lstatSync(folder, { throwIfNoEntry: false });
  if (facts !== undefined && facts.uid !== process.getuid?.()) throw notOurs(folder);
}

function notOurs(folder: string): AppError {
  return new AppError(
    'worker-unavailable',
    `${folder} belongs to another user, so the worker's socket cannot be there.`,
    {
      hint: 'Set XDG_RUNTIME_DIR to a folder of your own, or ask for that folder to be removed.',
    },
  );
}
