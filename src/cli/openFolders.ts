import path from 'node:path';
import type { WorkerLink } from '../client/index.ts';
import type { RunSummary } from '../domain/run.ts';
import { trackerVariables } from '../protocol/worker.ts';

/** Opens a folder and gives its runs without the archived ones. Rejects where it cannot be opened. */
export async function openFolder(worker: WorkerLink, folder: string): Promise<readonly RunSummary[]> {
  return (await worker.call('folder.open', { folder, trusted: true })).runs;
}

/**
 * Opens the folders outside of `folder` in which trackers keep runs by their own, as this environment says: Trackio's. Gives those that could be opened: one that
 * went a moment ago does not keep the others away.
 */
export async function openTrackerFolders(worker: WorkerLink, folder: string): Promise<readonly string[]> {
  const environment = Object.fromEntries(trackerVariables.map((name) => [name, process.env[name]]));
  const { folders } = await worker.call('trackers.folders', { environment, trackio: true, further: [] });
  const outside = folders.filter((each) => path.relative(folder, each).split(path.sep)[0] === '..');
  const open = (each: string) =>
    openFolder(worker, each).then(
      () => [each],
      () => [],
    );
  return (await Promise.all(outside.map(open))).flat();
}

/** Every run of folders that are open, the archived ones too. */
export async function runsOf(worker: WorkerLink, folders: readonly string[]): Promise<readonly RunSummary[]> {
  const lists = await Promise.all(folders.map((folder) => worker.call('runs.list', { folder, includeArchived: true })));
  return [...new Map(lists.flatMap(({ runs }) => runs).map((run) => [run.id, run])).values()];
}
