import { AppError } from '../../base/errors.ts';
import type { RunId } from '../../domain/ids.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { Client } from '../clients.ts';
import type { WorkerServices } from '../services.ts';
import { refuseUntrusted } from './checks.ts';

/** The queue and its order. */
export function queueHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'queue.list' | 'queue.move' | 'queue.prioritize' | 'queue.hold' | 'queue.cancel'> {
  return {
    'queue.list': () => ({ jobs: worker.scheduler.jobs }),
    'queue.move': ({ jobId, before }) => {
      worker.scheduler.move(jobId, before);
      return null;
    },
    'queue.prioritize': ({ jobId, priority }) => {
      if (!Number.isFinite(priority))
        throw new AppError('bad-argument', `A priority is a number, not ${String(priority)}.`);
      worker.scheduler.prioritize(jobId, priority);
      return null;
    },
    'queue.hold': ({ jobId, held }) => {
      const run = worker.catalog.get(jobId as string as RunId);
      if (!held && run !== undefined) refuseUntrusted(client(), run.found.root);
      worker.scheduler.hold(jobId, held);
      return null;
    },
    'queue.cancel': ({ jobId }) => {
      worker.scheduler.cancel(jobId);
      return null;
    },
  };
}
