import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { notBuilt } from './notBuilt.ts';

/** Registries of experiments. */
export function registryHandlers(
  _worker: WorkerServices,
  _client: () => Client,
): Pick<Handlers<WorkerMethods>, 'registry.read' | 'registry.change'> {
  return {
    'registry.read': () => notBuilt('registry.read'),
    'registry.change': () => notBuilt('registry.change'),
  };
}
