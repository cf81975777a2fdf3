import { existsSync } from 'node:fs';
import { AppError } from '../../../base/errors.ts';
import type { CommandLaunchRequest } from '../../../domain/commandLaunch.ts';
import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import { launchRecordOf } from '../../launching/again.ts';
import { commandRequest } from '../../launching/commandAgain.ts';
import { followLaunch } from '../../launching/followLaunch.ts';
import type { WorkerServices } from '../../services.ts';
import { absolute, refuseUntrusted } from '../checks.ts';
import { notBuilt } from './notBuilt.ts';

/** Launching, repeating and comparing commands. */
export function commandsHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<
  Handlers<WorkerMethods>,
  'command.preview' | 'command.launch' | 'command.request' | 'runs.reproduce' | 'runs.compare'
> {
  /** Git and a project's own Hydra run programs that the repository names, so even a preview needs trust. */
  const trusted = (request: CommandLaunchRequest): CommandLaunchRequest => {
    const complete = { ...request, folder: absolute(request.folder) };
    refuseUntrusted(client(), complete.folder);
    return complete;
  };
  return {
    'command.preview': (request, signal) => worker.launcher.previewRequest(trusted(request), signal),
    'command.launch': async (request) =>
      followLaunch(worker, await worker.launcher.launchRequest(trusted(request)), request.labels),
    'command.request': ({ runId, checkpoint }) => {
      const run = worker.views.summary(worker.views.find(runId));
      if (checkpoint !== undefined && !existsSync(checkpoint)) {
        throw new AppError('not-found', `There is no checkpoint ${checkpoint}.`, {
          hint: 'Look at the list of checkpoints again; it may have been deleted.',
        });
      }
      return commandRequest(run, launchRecordOf(run.path), checkpoint);
    },
    'runs.reproduce': () => notBuilt('runs.reproduce'),
    'runs.compare': () => notBuilt('runs.compare'),
  };
}
