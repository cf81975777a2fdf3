import path from 'node:path';
import { AppError } from '../base/errors.ts';
import { programVersion } from '../base/version.ts';
import type { JobId, RunId } from '../domain/ids.ts';
import { isActive } from '../domain/run.ts';
import type { Handlers } from '../protocol/rpc.ts';
import { type WorkerMethods, workerProtocolVersion } from '../protocol/worker.ts';
import { listCheckpoints } from './checkpointList.ts';
import type { Client } from './clients.ts';
import { examine } from './doctor.ts';
import { concludeRun, listEntries } from './experimentLog.ts';
import { launchRecordOf, repeatRequest, resumeRequest } from './launching/again.ts';
import { listConfigs } from './launching/configFile.ts';
import type { LaunchedRun } from './launching/launcher.ts';
import { loadRecipes } from './launching/recipeTable.ts';
import { isInside } from './runs/folders.ts';
import { readLog, readMedia } from './runs/runFiles.ts';
import { queryTile, readPoints } from './runs/seriesQueries.ts';
import type { WorkerServices } from './services.ts';

const refreshPatienceMs = 3_000;

/** What the worker does for one client, method by method as src/protocol/worker.ts describes them. */
export function workerHandlers(worker: WorkerServices, client: () => Client): Handlers<WorkerMethods> {
  return {
    ...sessionHandlers(worker, client),
    ...folderHandlers(worker, client),
    ...runHandlers(worker),
    ...launchHandlers(worker, client),
    ...queueHandlers(worker),
    ...dataHandlers(worker),
    ...recordHandlers(worker, client),
  };
}

function sessionHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'hello' | 'worker.shutdown'> {
  return {
    hello: (params) => {
      client().kind = params.client;
      return {
        version: programVersion,
        protocol: workerProtocolVersion,
        pid: process.pid,
        startedAt: worker.startedAt,
        databasePath: worker.options.paths.database,
      };
    },
    'worker.shutdown': () => {
      // The answer goes out first.
      setTimeout(() => worker.end(), 50);
      return null;
    },
  };
}

function folderHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'folder.open' | 'folder.close' | 'folder.refresh'> {
  return {
    'folder.open': async ({ folder, trusted, settings }) => {
      const root = absolute(folder);
      await worker.openFolder(client(), root, trusted, settings ?? {});
      return { runs: worker.views.list(root, true) };
    },
    'folder.close': ({ folder }) => {
      worker.closeFolder(client(), absolute(folder));
      return null;
    },
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

function runHandlers(
  worker: WorkerServices,
): Pick<Handlers<WorkerMethods>, 'runs.list' | 'runs.get' | 'runs.update' | 'runs.stop' | 'runs.launchRequest'> {
  return {
    'runs.list': ({ folder, includeArchived }) => ({
      runs: worker.views.list(folder === undefined ? undefined : absolute(folder), includeArchived === true),
    }),
    'runs.get': ({ runId }) => {
      const run = worker.views.find(runId);
      worker.monitor.noteInterest(run.found);
      return worker.views.detail(run);
    },
    'runs.update': ({ runId, ...change }) => worker.views.update(runId, change),
    'runs.stop': ({ runId, force }) => {
      worker.scheduler.tick();
      const job = worker.scheduler.find(runId as string as JobId);
      const run = worker.views.summary(worker.views.find(runId));
      if (job === undefined && !isActive(run.status)) throw new AppError('conflict', `${run.name} has ended already.`);
      if (job === undefined) throw notOurs(run.name);
      if (job.state === 'done' || job.state === 'cancelled')
        throw new AppError('conflict', `${job.runName} has ended already.`);
      worker.scheduler.stop(job.id, force === true);
      worker.views.noteStop(runId);
      return null;
    },
    'runs.launchRequest': ({ runId }) => {
      const run = worker.views.find(runId);
      return repeatRequest(worker.views.detail(run), launchRecordOf(run.found.path));
    },
  };
}

function launchHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'recipes.list' | 'configs.list' | 'launch.preview' | 'launch.start' | 'runs.resume'> {
  return {
    'recipes.list': async () => ({ recipes: await loadRecipes() }),
    'configs.list': async ({ folder, recipe }) => ({ files: await listConfigs(absolute(folder), recipe) }),
    'launch.preview': (request) => {
      const complete = { ...request, folder: absolute(request.folder) };
      // A preview asks git about the folder, and the configuration of a repository can name programs for git to run.
      refuseUntrusted(client(), complete.folder);
      return worker.launcher.preview(complete);
    },
    'launch.start': async (request) => {
      const complete = { ...request, folder: absolute(request.folder) };
      refuseUntrusted(client(), complete.folder);
      return followLaunch(worker, await worker.launcher.launch(complete), request.labels);
    },
    'runs.resume': async ({ runId, checkpoint, overrides, name, requestId }) => {
      const run = worker.views.find(runId);
      const record = launchRecordOf(run.found.path);
      const request = resumeRequest(worker.views.detail(run), record, { checkpoint, overrides, name, requestId });
      refuseUntrusted(client(), request.folder);
      return followLaunch(worker, await worker.launcher.launch(request, runId), request.labels);
    },
  };
}

/** Waits until the new run has been read once, so that the answer and every list show it. */
async function followLaunch(
  worker: WorkerServices,
  { runId, root, directory }: LaunchedRun,
  labels: readonly string[] | undefined,
): Promise<WorkerMethods['launch.start']['result']> {
  const found = { source: 'trainyard', path: directory, root, name: path.basename(directory) } as const;
  await worker.monitor.followNow(found);
  const run = worker.catalog.at(found);
  if (run === undefined)
    throw new AppError('not-found', `${directory} was made and is gone again.`, { hint: 'Launch again.' });
  // On disk at once, so that the next worker knows the run from its first moment.
  worker.catalog.flush();
  if (labels !== undefined && labels.length > 0) worker.views.update(runId, { labels });
  return { runId, run: worker.views.summary(run) };
}

function queueHandlers(
  worker: WorkerServices,
): Pick<Handlers<WorkerMethods>, 'queue.list' | 'queue.move' | 'queue.hold' | 'queue.cancel'> {
  return {
    'queue.list': () => ({ jobs: worker.scheduler.jobs }),
    'queue.move': ({ jobId, before }) => {
      worker.scheduler.move(jobId, before);
      return null;
    },
    'queue.hold': ({ jobId, held }) => {
      worker.scheduler.hold(jobId, held);
      return null;
    },
    'queue.cancel': ({ jobId }) => {
      worker.scheduler.cancel(jobId);
      return null;
    },
  };
}

function dataHandlers(
  worker: WorkerServices,
): Pick<
  Handlers<WorkerMethods>,
  'series.query' | 'series.points' | 'media.list' | 'media.read' | 'log.read' | 'checkpoints.list'
> {
  const touch = (runId: RunId) => {
    const run = worker.views.find(runId);
    worker.monitor.noteInterest(run.found);
    return run;
  };
  return {
    'series.query': (query) => {
      for (const { runId } of query.series) touch(runId);
      return queryTile(worker.catalog, query);
    },
    'series.points': ({ runId, tag, from, count }) => readPoints(worker.catalog, touch(runId), tag, from, count),
    'media.list': ({ runId, tag }) => ({ items: worker.catalog.media(touch(runId), tag) }),
    'media.read': async ({ runId, tag, step, index }) => {
      const run = touch(runId);
      const record = worker.catalog.mediaAt(run, tag, step, index);
      if (record === undefined) throw new AppError('not-found', `${tag} has nothing at step ${step}, place ${index}.`);
      return { mime: record.mime, bytes: await readMedia(run.found.path, record) };
    },
    'log.read': ({ runId, from, maxBytes }) => readLog(touch(runId).found.path, from, maxBytes),
    'checkpoints.list': async ({ folder }) => ({
      checkpoints: await listCheckpoints(worker.catalog, worker.views, absolute(folder)),
    }),
  };
}

function recordHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'experimentLog.list' | 'experimentLog.conclude' | 'doctor.run'> {
  return {
    'experimentLog.list': async ({ folder }) => ({ entries: await listEntries(absolute(folder)) }),
    'experimentLog.conclude': async ({ runId, title, conclusion, phase }) => {
      const run = worker.views.find(runId);
      const written = await concludeRun(
        worker.views.detail(run),
        projectFolder(worker, run.found.path, run.found.root),
        { title, conclusion, phase },
      );
      worker.clients.tell('experimentLog.changed', { folder: path.dirname(written.file) }, written.file);
      return written;
    },
    'doctor.run': ({ folder }, signal) => {
      const root = folder === undefined ? undefined : absolute(folder);
      const { paths, installation } = worker.options;
      const trusted = root === undefined || !isUntrusted(client(), root);
      return examine(
        {
          paths,
          installation,
          startedAt: worker.startedAt,
          knownRuns: [...worker.catalog.all()].length,
          folder: root,
          trusted,
        },
        signal,
      );
    },
  };
}

/** The folder whose log an entry about the run goes to: the one that it was launched from, else the one that it was found under. */
function projectFolder(worker: WorkerServices, runPath: string, root: string): string {
  const launchedFrom = launchRecordOf(runPath)?.cwd;
  if (launchedFrom !== undefined && isInside(runPath, launchedFrom)) return launchedFrom;
  return worker.folders.roots.find((folder) => isInside(runPath, folder)) ?? root;
}

function isUntrusted(client: Client, folder: string): boolean {
  return [...client.folders].some(
    ([open, { trusted }]) => !trusted && (isInside(folder, open) || isInside(open, folder)),
  );
}

function refuseUntrusted(client: Client, folder: string): void {
  if (!isUntrusted(client, folder)) return;
  throw new AppError('not-trusted', `The workspace ${folder} is not trusted, so nothing may be started in it.`, {
    hint: 'Run "Workspaces: Manage Workspace Trust" and trust it, then launch again.',
  });
}

function notOurs(name: string): AppError {
  return new AppError('not-found', `${name} was not started by this worker, so it cannot stop it.`, {
    hint: 'Stop it where it was started.',
  });
}

function absolute(folder: string): string {
  if (!path.isAbsolute(folder)) throw new AppError('bad-argument', `${folder} is no absolute path.`);
  return path.resolve(folder);
}
