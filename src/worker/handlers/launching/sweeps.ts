import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { notBuilt } from './notBuilt.ts';

/** Sweeps and their ledgers. */
export function sweepsHandlers(
  _worker: WorkerServices,
  _client: () => Client,
): Pick<
  Handlers<WorkerMethods>,
  'sweeps.list' | 'sweeps.preview' | 'sweeps.start' | 'sweeps.pause' | 'sweeps.failures' | 'sweeps.relaunch'
> {
  return {
    'sweeps.list': () => notBuilt('sweeps.list'),
    'sweeps.preview': () => notBuilt('sweeps.preview'),
    'sweeps.start': () => notBuilt('sweeps.start'),
    'sweeps.pause': () => notBuilt('sweeps.pause'),
    'sweeps.failures': () => notBuilt('sweeps.failures'),
    'sweeps.relaunch': () => notBuilt('sweeps.relaunch'),
  };
}
