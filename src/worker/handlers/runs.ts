import { AppError } from '../../base/errors.ts';
import type { JobId } from '../../domain/ids.ts';
import { isActive } from '../../domain/run.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import { launchRecordOf, repeatRequest } from '../launching/again.ts';
import type { WorkerServices } from '../services.ts';
import { absolute } from './checks.ts';

/** Runs: lists, details, what the user says of them, their end. */
export function runHandlers(
  worker: WorkerServices,
): Pick<Handlers<WorkerMethods>, 'runs.list' | 'runs.get' | 'runs.update' | 'runs.stop' | 'runs.launchRequest'> {
  return {
    'runs.list': ({ folder, includeArchived }) => ({
      runs: worker.views.listForSending(folder === undefined ? undefined : absolute(folder), includeArchived === true),
    }),
    'runs.get': ({ runId }) => {
      const run = worker.views.find(runId);
      worker.monitor.noteInterest(run.found);
      return worker.views.detail(run);
    },
    'runs.update': ({ runId, ...change }) => worker.views.update(runId, change),
    'runs.stop': ({ runId, force }) => {
      worker.scheduler.tick();
      const job = worker.scheduler.find(runId as string as JobId);
      const run = worker.views.summary(worker.views.find(runId));
      if (job === undefined && !isActive(run.status)) throw new AppError('conflict', `${run.name} has ended already.`);
      if (job === undefined) throw notOurs(run.name);
      if (job.state === 'done' || job.state === 'cancelled')
        throw new AppError('conflict', `${job.runName} has ended already.`);
      worker.scheduler.stop(job.id, force === true);
      worker.views.noteStop(runId);
      return null;
    },
    'runs.launchRequest': ({ runId }) => {
      const run = worker.views.find(runId);
      return repeatRequest(worker.views.detail(run), launchRecordOf(run.found.path));
    },
  };
}

function notOurs(name: string): AppError {
  return new AppError('not-found', `${name} was not started by this worker, so it cannot stop it.`, {
    hint: 'Stop it where it was started.',
  });
}
