import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { Client } from '../clients.ts';
import { isInside } from '../runs/folders.ts';

/** The folder as an absolute path. Throws `bad-argument` for a relative one, since the worker has no current folder. */
export function absolute(folder: string): string {
  if (!path.isAbsolute(folder)) throw new AppError('bad-argument', `${folder} is no absolute path.`);
  return path.resolve(folder);
}

/** Whether the client's window has not been told to trust the folder. */
export function isUntrusted(client: Client, folder: string): boolean {
  return [...client.folders].some(
    ([open, { trusted }]) => !trusted && (isInside(folder, open) || isInside(open, folder)),
  );
}

/** Throws `not-trusted` where nothing may be started. */
export function refuseUntrusted(client: Client, folder: string): void {
  if (!isUntrusted(client, folder)) return;
  throw new AppError('not-trusted', `The workspace ${folder} is not trusted, so nothing may be started in it.`, {
    hint: 'Run "Workspaces: Manage Workspace Trust" and trust it, then launch again.',
  });
}
