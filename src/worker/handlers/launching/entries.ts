import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { absolute } from '../checks.ts';
import { notBuilt } from './notBuilt.ts';

/** What can be launched, and how a Hydra program can be configured. */
export function entriesHandlers(
  worker: WorkerServices,
  _client: () => Client,
): Pick<Handlers<WorkerMethods>, 'entries.list' | 'hydra.form' | 'hydra.compose'> {
  return {
    'entries.list': ({ folder }) => worker.entries.list(absolute(folder)),
    'hydra.form': () => notBuilt('hydra.form'),
    'hydra.compose': () => notBuilt('hydra.compose'),
  };
}
