import type { LaunchingMethods } from '../../../protocol/launching.ts';
import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { careHandlers } from './care.ts';
import { commandsHandlers } from './commands.ts';
import { elsewhereHandlers } from './elsewhere.ts';
import { entriesHandlers } from './entries.ts';
import { pipelinesHandlers } from './pipelines.ts';
import { registryHandlers } from './registry.ts';
import { secretsHandlers } from './secrets.ts';
import { sweepsHandlers } from './sweeps.ts';
import { targetsHandlers } from './targets.ts';

/** The methods of src/protocol/launching.ts. */
export function launchingHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, keyof LaunchingMethods> {
  return {
    ...entriesHandlers(worker, client),
    ...targetsHandlers(worker, client),
    ...commandsHandlers(worker, client),
    ...sweepsHandlers(worker, client),
    ...pipelinesHandlers(worker, client),
    ...registryHandlers(worker, client),
    ...elsewhereHandlers(worker, client),
    ...secretsHandlers(worker),
    ...careHandlers(worker),
  };
}
