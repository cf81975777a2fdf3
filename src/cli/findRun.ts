import path from 'node:path';
import { AppError } from '../base/errors.ts';
import type { WorkerLink } from '../client/index.ts';
import type { RunSummary } from '../domain/run.ts';
import { openFolder, openTrackerFolders, runsOf } from './openFolders.ts';

/** The run of a folder, or else of the folders in which trackers keep runs by their own, that is meant by an id, the beginning of one, a name or a path. Throws `not-found` with the nearest names, or `conflict`. */
export async function findRun(worker: WorkerLink, folder: string, wanted: string): Promise<RunSummary> {
  await openFolder(worker, folder);
  const listed = await runsOf(worker, [folder]);
  const found = runMeant(listed, wanted) ?? runMeant(await runsElsewhere(worker, folder), wanted);
  if (found !== undefined) return found;
  const known = listed.slice(0, 5).map(({ name }) => name);
  throw new AppError('not-found', `There is no run "${wanted}" in ${folder}.`, {
    hint:
      known.length === 0
        ? 'The folder has no runs; --folder names another one.'
        : `Some that there are: ${known.join(', ')}.`,
  });
}

async function runsElsewhere(worker: WorkerLink, folder: string): Promise<readonly RunSummary[]> {
  return await runsOf(worker, await openTrackerFolders(worker, folder));
}

function runMeant(listed: readonly RunSummary[], wanted: string): RunSummary | undefined {
  for (const isMeant of ways) {
    const found = listed.filter((run) => isMeant(run, wanted));
    if (found.length === 1) return found[0];
    if (found.length > 1) {
      throw new AppError('conflict', `${found.length} runs are meant by "${wanted}".`, {
        hint: `Give the id: ${found
          .slice(0, 3)
          .map(({ id }) => id)
          .join(', ')}.`,
      });
    }
  }
  return undefined;
}

/** Ways to name a run; the first that fits any run decides. */
const ways: readonly ((run: RunSummary, wanted: string) => boolean)[] = [
  ({ id }, wanted) => id === wanted,
  ({ name }, wanted) => name === wanted,
  (run, wanted) => run.path === path.resolve(wanted),
  ({ id }, wanted) => wanted.length >= 6 && id.startsWith(wanted),
];
