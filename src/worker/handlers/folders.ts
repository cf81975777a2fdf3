import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { Client } from '../clients.ts';
import { isInside } from '../runs/folders.ts';
import type { WorkerServices } from '../services.ts';
import { trackerFolders } from '../trackerFolders.ts';
import { absolute } from './checks.ts';

const refreshPatienceMs = 3_000;

/** Which folders a client looks at. */
export function folderHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'folder.open' | 'folder.close' | 'folder.refresh' | 'trackers.folders'> {
  return {
    'folder.open': async ({ folder, trusted, settings }) => {
      const root = absolute(folder);
      await worker.openFolder(client(), root, trusted, settings ?? {});
      return { runs: worker.views.listForSending(root, true) };
    },
    'folder.close': ({ folder }) => {
      worker.closeFolder(client(), absolute(folder));
      return null;
    },
    'trackers.folders': async (question) => ({ folders: await trackerFolders(question) }),
    'folder.refresh': async ({ folder }) => {
      const root = absolute(folder);
      await worker.folders.refresh(root);
      worker.monitor.pokeAll((found) => isInside(found.path, root));
      // New runs are in the list when this answers.
      await worker.monitor.settled(refreshPatienceMs);
      return null;
    },
  };
}
