import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { Client } from '../clients.ts';
import type { WorkerServices } from '../services.ts';
import { checkpointHandlers } from './checkpoints.ts';
import { cudaHandlers } from './cuda.ts';
import { dataHandlers } from './data.ts';
import { folderHandlers } from './folders.ts';
import { groupingHandlers } from './grouping.ts';
import { launchHandlers } from './launch.ts';
import { launchingHandlers } from './launching/index.ts';
import { queueHandlers } from './queue.ts';
import { recordHandlers } from './records.ts';
import { runHandlers } from './runs.ts';
import { sessionHandlers } from './session.ts';

/** What the worker does for one client, method by method as src/protocol/worker.ts describes them. */
export function workerHandlers(worker: WorkerServices, client: () => Client): Handlers<WorkerMethods> {
  return {
    ...sessionHandlers(worker, client),
    ...folderHandlers(worker, client),
    ...runHandlers(worker),
    ...groupingHandlers(worker),
    ...launchHandlers(worker, client),
    ...queueHandlers(worker, client),
    ...dataHandlers(worker),
    ...checkpointHandlers(worker, client),
    ...recordHandlers(worker, client),
    ...cudaHandlers(worker, client),
    ...launchingHandlers(worker, client),
  };
}
