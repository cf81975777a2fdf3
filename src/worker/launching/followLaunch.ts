import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { RunId } from '../../domain/ids.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { WorkerServices } from '../services.ts';
import type { LaunchedRun } from './prepared.ts';

/** Waits until the new run has been read once, so that the answer and every list show it. */
export async function followLaunch(
  worker: Pick<WorkerServices, 'monitor' | 'catalog' | 'views'>,
  { runId, root, directory }: LaunchedRun,
  labels: readonly string[] | undefined,
): Promise<{ runId: RunId; run: RunSummary }> {
  const found = { source: 'trainyard', path: directory, root, name: path.basename(directory) } as const;
  await worker.monitor.followNow(found);
  const run = worker.catalog.at(found);
  if (run === undefined)
    throw new AppError('not-found', `${directory} was made and is gone again.`, { hint: 'Launch again.' });
  // On disk at once, so that the next worker knows the run from its first moment.
  worker.catalog.flush();
  if (labels !== undefined && labels.length > 0) worker.views.update(runId, { labels });
  return { runId, run: worker.views.summary(run) };
}
