import path from 'node:path';
import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { Client } from '../clients.ts';
import { examine } from '../doctor.ts';
import { concludeRun, listEntries } from '../experimentLog.ts';
import { launchRecordOf } from '../launching/again.ts';
import { isInside } from '../runs/folders.ts';
import type { WorkerServices } from '../services.ts';
import { absolute, isUntrusted } from './checks.ts';

/** The experiment log, and the doctor. */
export function recordHandlers(
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
