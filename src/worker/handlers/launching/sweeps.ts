import type { SweepRequest } from '../../../domain/sweep.ts';
import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { editedArguments } from '../../sweeps/editedArguments.ts';
import { absolute, refuseUntrusted } from '../checks.ts';

/** Sweeps and their ledgers. */
export function sweepsHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<
  Handlers<WorkerMethods>,
  'sweeps.list' | 'sweeps.preview' | 'sweeps.start' | 'sweeps.pause' | 'sweeps.failures' | 'sweeps.relaunch'
> {
  const trusted = (request: SweepRequest): SweepRequest => {
    const folder = absolute(request.launch.folder);
    refuseUntrusted(client(), folder);
    return { ...request, launch: { ...request.launch, folder } };
  };
  return {
    'sweeps.list': ({ folder }) => ({
      sweeps: worker.sweeps.list(folder === undefined ? undefined : absolute(folder)),
    }),
    'sweeps.preview': async (request, signal) => {
      const complete = trusted(request);
      const preview = worker.sweeps.preview(complete);
      if (preview.problems.length > 0) return preview;
      const problems = await launchProblems(worker, complete, preview.trials[0] ?? [], signal);
      return { ...preview, problems };
    },
    'sweeps.start': (request) => ({ sweep: worker.sweeps.begin(trusted(request)) }),
    'sweeps.pause': ({ sweepId, paused }) => {
      if (!paused) refuseUntrusted(client(), worker.sweeps.get(sweepId).folder);
      return { sweep: worker.sweeps.pause(sweepId, paused) };
    },
    'sweeps.failures': ({ sweepId }) => ({ groups: worker.sweeps.failures(sweepId) }),
    'sweeps.relaunch': ({ sweepId, which, edits, requestId }) => {
      refuseUntrusted(client(), worker.sweeps.get(sweepId).folder);
      return worker.sweeps.relaunch(sweepId, which, edits ?? [], requestId);
    },
  };
}

/** What is wrong with the launch of the first trial is wrong with all of them. */
async function launchProblems(
  worker: WorkerServices,
  { launch }: SweepRequest,
  overrides: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const request = { ...launch, arguments: editedArguments(launch.arguments, overrides) };
  return (await worker.launcher.previewRequest(request, signal)).problems;
}
