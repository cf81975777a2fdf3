import type { RunId } from '../../../domain/ids.ts';
import { fetchModalFile, modalFiles } from '../../../launch/modal/volumeFiles.ts';
import { LocalExecutor } from '../../../launch/remote/localExecutor.ts';
import type { JobPlace } from '../../../launch/target.ts';
import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import { launchRecordOf } from '../../launching/again.ts';
import type { WorkerServices } from '../../services.ts';
import { refuseUntrusted } from '../checks.ts';

/** How often a fetch tells how far it is. */
const tellMs = 250;

/** Files of runs that stayed on the machine where they ran. */
export function elsewhereHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'remoteFiles.list' | 'remoteFiles.fetch'> {
  const placeOf = (runId: RunId): JobPlace => ({ runId, directory: worker.views.find(runId).found.path });
  return {
    'remoteFiles.list': ({ runId }) => {
      const place = placeOf(runId);
      return { files: isAtModal(place) ? modalFiles(place) : worker.ssh.files(place) };
    },
    'remoteFiles.fetch': async ({ runId, path }) => {
      const place = placeOf(runId);
      // It connects to a host that the folder's files name.
      refuseUntrusted(client(), worker.views.find(runId).found.root);
      if (isAtModal(place)) return { file: await fetchModalFile(place, path, new LocalExecutor()) };
      let toldAt = 0;
      const file = await worker.ssh.fetch(place, path, (bytes, of) => {
        if (Date.now() - toldAt < tellMs && bytes < of) return;
        toldAt = Date.now();
        worker.clients.tell('remoteFiles.progress', { runId, path, bytes, of }, place.directory);
      });
      return { file };
    },
  };
}

function isAtModal({ directory }: JobPlace): boolean {
  return launchRecordOf(directory)?.commandLaunch?.target.settings.kind === 'modal';
}
