import path from 'node:path';
import type { CheckpointUse } from '../../domain/checkpointUse.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import { useCheckpoint } from '../checkpointUse.ts';
import type { Client } from '../clients.ts';
import type { WorkerServices } from '../services.ts';
import { absolute, refuseUntrusted } from './checks.ts';

/** What can be done with a checkpoint of Trainyard beside going on from it. */
export function checkpointHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'checkpoints.measure' | 'checkpoints.draw' | 'checkpoints.export'> {
  const use = <U extends CheckpointUse>(checkpoint: string, wanted: U, signal: AbortSignal) => {
    const file = absolute(checkpoint);
    // A checkpoint names the models and data that are opened with it.
    refuseUntrusted(client(), path.dirname(file));
    return useCheckpoint(worker.options.installation, file, wanted, signal);
  };
  return {
    'checkpoints.measure': ({ path: file }, signal) => use(file, { kind: 'eval' }, signal),
    'checkpoints.draw': ({ path: file, seed }, signal) =>
      use(file, { kind: 'sample', ...(seed === undefined ? {} : { seed }) }, signal),
    'checkpoints.export': ({ path: file }, signal) => use(file, { kind: 'export' }, signal),
  };
}
