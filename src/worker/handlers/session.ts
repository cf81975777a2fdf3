import { programVersion } from '../../base/version.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import { type WorkerMethods, workerProtocolVersion } from '../../protocol/worker.ts';
import type { Client } from '../clients.ts';
import type { WorkerServices } from '../services.ts';

/** Coming and going. */
export function sessionHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'hello' | 'worker.shutdown'> {
  return {
    hello: (params) => {
      client().kind = params.client;
      return {
        version: programVersion,
        protocol: workerProtocolVersion,
        pid: process.pid,
        startedAt: worker.startedAt,
        databasePath: worker.options.paths.database,
      };
    },
    'worker.shutdown': () => {
      // The answer goes out first.
      setTimeout(() => worker.end(), 50);
      return null;
    },
  };
}
