import { AppError } from '../../../base/errors.ts';
import type { RunId } from '../../../domain/ids.ts';
import { isActive } from '../../../domain/run.ts';
import type { JobPlace, LaunchTarget } from '../../../launch/target.ts';
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
): Pick<Handlers<WorkerMethods>, 'remoteFiles.list' | 'remoteFiles.fetch' | 'remoteFiles.clear'> {
  const placeOf = (runId: RunId): JobPlace => ({ runId, directory: worker.views.find(runId).found.path });
  const targetOf = ({ directory }: JobPlace): LaunchTarget =>
    worker.targets[launchRecordOf(directory)?.commandLaunch?.target.settings.kind ?? 'local'];
  return {
    'remoteFiles.list': ({ runId }) => {
      const place = placeOf(runId);
      return { files: targetOf(place).files?.(place) ?? [] };
    },
    'remoteFiles.fetch': async ({ runId, path }) => {
      const place = placeOf(runId);
      // It connects to a host that the folder's files name.
      refuseUntrusted(client(), worker.views.find(runId).found.root);
      const target = targetOf(place);
      if (target.fetch === undefined)
        throw new AppError('not-found', `A run of the target ${target.name} has no files elsewhere.`);
      let toldAt = 0;
      const file = await target.fetch(place, path, (bytes, of) => {
        if (Date.now() - toldAt < tellMs && bytes < of) return;
        toldAt = Date.now();
        worker.clients.tell('remoteFiles.progress', { runId, path, bytes, of }, place.directory);
      });
      return { file };
    },
    'remoteFiles.clear': async ({ runId }) => {
      const place = placeOf(runId);
      const run = worker.views.find(runId);
      refuseUntrusted(client(), run.found.root);
      const { name, status } = worker.views.summary(run);
      if (isActive(status) || status === 'queued')
        throw new AppError('conflict', `${name} has not ended.`, { hint: 'Stop it first.' });
      return { bytes: (await targetOf(place).clear?.(place)) ?? 0 };
    },
  };
}
