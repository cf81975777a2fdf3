import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { absolute, isUntrusted } from '../checks.ts';

/** What can be launched, and how a Hydra program can be configured. All of it reads only, but for the project's own Hydra, which runs in trusted folders. */
export function entriesHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'entries.list' | 'hydra.form' | 'hydra.compose'> {
  return {
    'entries.list': ({ folder }) => worker.entries.list(absolute(folder)),
    'hydra.form': ({ folder, entry, overrides }) => worker.entries.form(absolute(folder), entry, overrides),
    'hydra.compose': ({ folder, entry, overrides }, signal) => {
      const root = absolute(folder);
      return worker.entries.compose(root, entry, overrides, signal, !isUntrusted(client(), root));
    },
  };
}
