import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { notBuilt } from './notBuilt.ts';

/** Where it can run. */
export function targetsHandlers(
  _worker: WorkerServices,
  _client: () => Client,
): Pick<Handlers<WorkerMethods>, 'targets.list' | 'targets.report'> {
  return {
    'targets.list': () => notBuilt('targets.list'),
    'targets.report': () => notBuilt('targets.report'),
  };
}
