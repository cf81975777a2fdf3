import { statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { RemoteFile } from '../../domain/target.ts';
import { fetchFile, type RemotePlace } from './mirror.ts';
import { forgetRemoteFiles, remoteFiles } from './mirrorState.ts';

/** Removing a folder with many files takes a while on the disks of clusters. */
const removeMs = 600_000;

/** Files of a run that stayed over there, newest first. */
export function listRemoteRun(directory: string): readonly RemoteFile[] {
  return remoteFiles(directory).map((file) => ({ ...file, here: isFetched(directory, file) }));
}

/** Brings one of them here, with the time of its original, and gives its absolute path. Throws `not-found`. */
export async function fetchOfRemoteRun(
  directory: string,
  file: string,
  placeOf: () => Promise<RemotePlace | undefined> | RemotePlace | undefined,
  onBytes?: (bytes: number, of: number) => void,
): Promise<string> {
  const wanted = remoteFiles(directory).find((each) => each.path === file);
  const place = wanted === undefined ? undefined : await placeOf();
  if (wanted === undefined || place === undefined)
    throw new AppError('not-found', `The run has no file ${file} on the machine where it ran.`, {
      hint: 'Look at the list again; it may have been removed.',
    });
  const local = path.join(directory, file);
  await fetchFile(place, file, local, onBytes);
  utimesSync(local, wanted.modifiedAt, wanted.modifiedAt);
  return local;
}

/** Removes a run's folder over there, and gives the bytes that were freed. */
export async function clearRemoteRun(
  directory: string,
  runId: string,
  { host, folder }: Pick<RemotePlace, 'host' | 'folder'>,
): Promise<number> {
  const base = folder.slice(0, folder.lastIndexOf('/runs/'));
  const { result } = await host.call('remove', { base, id: runId }, { timeoutMs: removeMs });
  forgetRemoteFiles(directory);
  return result.bytes;
}

/** A fetched file has the time of its original. */
function isFetched(directory: string, { path: file, sizeBytes, modifiedAt }: Omit<RemoteFile, 'here'>): boolean {
  const facts = statSync(path.join(directory, file), { throwIfNoEntry: false });
  return facts !== undefined && facts.size === sizeBytes && Math.abs(facts.mtimeMs / 1000 - modifiedAt) < 0.01;
}
