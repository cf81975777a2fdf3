import path from 'node:path';
import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import { lastCheckpointOf } from '../checkpointList.ts';
import type { Client } from '../clients.ts';
import { launchRecordOf, resumeRequest } from '../launching/again.ts';
import { dataColumns } from '../launching/columns/dataColumns.ts';
import { commandResumeRequest } from '../launching/commandAgain.ts';
import { listConfigs } from '../launching/configFile.ts';
import { findData } from '../launching/findData.ts';
import { followLaunch } from '../launching/followLaunch.ts';
import { loadRecipes } from '../launching/recipeTable.ts';
import type { WorkerServices } from '../services.ts';
import { absolute, refuseUntrusted } from './checks.ts';

/** Everything that leads to a new run. */
export function launchHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<
  Handlers<WorkerMethods>,
  | 'recipes.list'
  | 'configs.list'
  | 'data.find'
  | 'data.columns'
  | 'launch.preview'
  | 'launch.memory'
  | 'launch.start'
  | 'runs.resume'
> {
  return {
    'recipes.list': async () => ({ recipes: await loadRecipes() }),
    'configs.list': async ({ folder, recipe }) => ({ files: await listConfigs(absolute(folder), recipe) }),
    'data.find': async ({ folder, holds }) => ({ places: await findData(absolute(folder), holds) }),
    'data.columns': ({ folder, path: place, holds }) => dataColumns(path.resolve(absolute(folder), place), holds),
    'launch.preview': (request) => {
      const complete = { ...request, folder: absolute(request.folder) };
      // A preview asks git about the folder, and the configuration of a repository can name programs for git to run.
      refuseUntrusted(client(), complete.folder);
      return worker.launcher.preview(complete);
    },
    'launch.memory': (request, signal) => {
      const complete = { ...request, folder: absolute(request.folder) };
      refuseUntrusted(client(), complete.folder);
      return worker.memoryEstimates.of(complete, signal);
    },
    'launch.start': async (request) => {
      const complete = { ...request, folder: absolute(request.folder) };
      refuseUntrusted(client(), complete.folder);
      return followLaunch(worker, await worker.launcher.launch(complete), request.labels);
    },
    'runs.resume': async ({ runId, checkpoint, overrides, name, requestId }) => {
      const run = worker.views.find(runId);
      const record = launchRecordOf(run.found.path);
      if (record?.commandLaunch !== undefined) {
        refuseUntrusted(client(), record.commandLaunch.request.folder);
        const last = checkpoint ?? (await lastCheckpointOf(worker.catalog, worker.views, run))?.path;
        const again = commandResumeRequest(worker.views.detail(run), record, last, { overrides, name, requestId });
        return followLaunch(worker, await worker.launcher.launchRequest(again), again.labels);
      }
      const request = resumeRequest(worker.views.detail(run), record, { checkpoint, overrides, name, requestId });
      refuseUntrusted(client(), request.folder);
      return followLaunch(worker, await worker.launcher.launch(request, runId), request.labels);
    },
  };
}
