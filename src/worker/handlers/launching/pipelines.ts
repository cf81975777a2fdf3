import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { notBuilt } from './notBuilt.ts';

/** Stages that follow one another. */
export function pipelinesHandlers(
  _worker: WorkerServices,
  _client: () => Client,
): Pick<Handlers<WorkerMethods>, 'pipelines.launch' | 'pipelines.list'> {
  return {
    'pipelines.launch': () => notBuilt('pipelines.launch'),
    'pipelines.list': () => notBuilt('pipelines.list'),
  };
}
