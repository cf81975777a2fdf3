import { existsSync } from 'node:fs';
import { AppError } from '../../../base/errors.ts';
import type { CommandLaunchRequest } from '../../../domain/commandLaunch.ts';
import { isOnHost } from '../../../launch/ssh/checkpointInput.ts';
import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import { launchRecordOf, repeatRequest } from '../../launching/again.ts';
import { commandRequest } from '../../launching/commandAgain.ts';
import { compareRuns } from '../../launching/compareRuns.ts';
import { followLaunch } from '../../launching/followLaunch.ts';
import { type Reproduced, reproduceCommand, reproduceRecipe } from '../../launching/reproduceRun.ts';
import type { WorkerServices } from '../../services.ts';
import { absolute, refuseUntrusted } from '../checks.ts';

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
      if (checkpoint !== undefined && !existsSync(checkpoint) && !isOnHost(checkpoint)) {
        throw new AppError('not-found', `There is no checkpoint ${checkpoint}.`, {
          hint: 'Look at the list of checkpoints again; it may have been deleted.',
        });
      }
      return commandRequest(run, launchRecordOf(run.path), checkpoint);
    },
    'runs.reproduce': async ({ runId, requestId }) => {
      const run = worker.views.find(runId);
      const detail = worker.views.detail(run);
      const record = launchRecordOf(run.found.path);
      refuseUntrusted(client(), record?.commandLaunch?.request.folder ?? record?.cwd ?? run.found.root);
      const known = worker.launcher.known(requestId);
      if (known !== undefined)
        return reproduced(worker, { launched: known, worktree: cwdOf(known.directory), remarks: [] });
      const made =
        record?.commandLaunch === undefined
          ? await reproduceRecipe(worker.launcher, detail.path, repeatRequest(detail, record), requestId)
          : await reproduceCommand(worker.launcher, detail, record, requestId);
      const answer = await reproduced(worker, made);
      const what = record?.commit === undefined ? '' : ` at ${record.commit.slice(0, 10)}`;
      const note = [`Reproduces ${detail.name}${what}.`, ...made.remarks].join(' ');
      return { ...answer, run: worker.views.update(answer.runId, { note }) };
    },
    'runs.compare': ({ left, right, what }, signal) => {
      const [from, to] = [worker.views.find(left), worker.views.find(right)];
      // For code, git is asked.
      if (what === 'code') for (const { found } of [from, to]) refuseUntrusted(client(), found.root);
      return compareRuns(worker.views.detail(from), worker.views.detail(to), what, signal);
    },
  };
}

async function reproduced(
  worker: WorkerServices,
  { launched, worktree }: Reproduced,
): Promise<WorkerMethods['runs.reproduce']['result']> {
  return { ...(await followLaunch(worker, launched, undefined)), worktree };
}

function cwdOf(directory: string): string {
  return launchRecordOf(directory)?.cwd ?? directory;
}
