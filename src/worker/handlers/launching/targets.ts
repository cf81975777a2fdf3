import { AppError } from '../../../base/errors.ts';
import { chooseTarget, thisMachine } from '../../../launch/chosenTarget.ts';
import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import { projectTargets } from '../../launching/projectTargets.ts';
import { reportTarget } from '../../launching/targetReports.ts';
import type { WorkerServices } from '../../services.ts';
import { absolute, refuseUntrusted } from '../checks.ts';

/** Where it can run. */
export function targetsHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'targets.list' | 'targets.report'> {
  return {
    'targets.list': async ({ folder }) => {
      const { targets, problems } = await projectTargets(absolute(folder));
      // "local" is this machine, whatever a file says.
      return { targets: [thisMachine, ...targets.filter(({ name }) => name !== thisMachine.name)], problems };
    },
    'targets.report': async ({ folder, target }, signal) => {
      const root = absolute(folder);
      // A report runs programs that trainyard.yaml names.
      if (target.name !== thisMachine.name) refuseUntrusted(client(), root);
      const chosen = chooseTarget(target, (await projectTargets(root)).targets);
      if (!chosen.ok) {
        throw new AppError(chosen.reason === 'unknown-target' ? 'not-found' : 'bad-argument', chosen.message, {
          hint: 'Look at the list of targets again; trainyard.yaml may have changed.',
        });
      }
      return reportTarget(chosen.value, { worker, name: chosen.value.name, folder: root, signal });
    },
  };
}
