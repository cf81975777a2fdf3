import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { notBuilt } from './notBuilt.ts';

/** Launching, repeating and comparing commands. */
export function commandsHandlers(
  _worker: WorkerServices,
  _client: () => Client,
): Pick<
  Handlers<WorkerMethods>,
  'command.preview' | 'command.launch' | 'command.request' | 'runs.reproduce' | 'runs.compare'
> {
  return {
    'command.preview': () => notBuilt('command.preview'),
    'command.launch': () => notBuilt('command.launch'),
    'command.request': () => notBuilt('command.request'),
    'runs.reproduce': () => notBuilt('runs.reproduce'),
    'runs.compare': () => notBuilt('runs.compare'),
  };
}
