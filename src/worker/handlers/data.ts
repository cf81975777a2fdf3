import { AppError } from '../../base/errors.ts';
import type { RunId } from '../../domain/ids.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import { inspectCheckpoint } from '../../readers/index.ts';
import { listCheckpoints } from '../checkpointList.ts';
import { ConsoleLogs } from '../consoleLogs.ts';
import { readContent } from '../mediaContent.ts';
import { queryTile, readPoints } from '../runs/seriesQueries.ts';
import type { WorkerServices } from '../services.ts';
import { absolute } from './checks.ts';

/** What runs have written: points, pictures, output, checkpoints. Histograms, tables and curves of all trackers leave in one form each. */
export function dataHandlers(
  worker: WorkerServices,
): Pick<
  Handlers<WorkerMethods>,
  | 'series.query'
  | 'series.points'
  | 'media.list'
  | 'media.read'
  | 'log.read'
  | 'checkpoints.list'
  | 'checkpoints.inspect'
> {
  const consoles = new ConsoleLogs();
  const touch = (runId: RunId) => {
    const run = worker.views.find(runId);
    worker.monitor.noteInterest(run.found);
    return run;
  };
  return {
    'series.query': async (query) => {
      const runs = new Set(query.series.map(({ runId }) => touch(runId)));
      await Promise.all([...runs].map((run) => worker.monitor.ensurePoints(run)));
      return queryTile(worker.catalog, query);
    },
    'series.points': async ({ runId, tag, from, count }) => {
      const run = touch(runId);
      await worker.monitor.ensurePoints(run);
      return readPoints(worker.catalog, run, tag, from, count);
    },
    'media.list': ({ runId, tag }) => ({ items: worker.catalog.media(touch(runId), tag) }),
    'media.read': async ({ runId, tag, step, index, cell }) => {
      const run = touch(runId);
      const record = worker.catalog.mediaAt(run, tag, step, index);
      if (record === undefined) throw new AppError('not-found', `${tag} has nothing at step ${step}, place ${index}.`);
      return await readContent(run.found, record, cell);
    },
    'log.read': ({ runId, from, maxBytes, log }) => consoles.read(touch(runId), log, from, maxBytes),
    'checkpoints.list': async ({ folder }) => ({
      checkpoints: await listCheckpoints(worker, absolute(folder)),
    }),
    'checkpoints.inspect': async ({ path }) => {
      const read = await inspectCheckpoint(absolute(path));
      if (!read.ok) throw new AppError(read.reason === 'unreadable' ? 'not-found' : 'bad-file', read.message);
      return read.value;
    },
  };
}
