import path from 'node:path';
import type { SourcesOfRoot } from '../../domain/doctor.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { Client } from '../clients.ts';
import { examine } from '../doctor.ts';
import { entriesOf, linksIn } from '../experimentLinks.ts';
import { concludeRun, listEntries } from '../experimentLog.ts';
import { launchRecordOf } from '../launching/again.ts';
import { isInside } from '../runs/folders.ts';
import type { WorkerServices } from '../services.ts';
import { reportSources } from '../sources.ts';
import { absolute, isUntrusted } from './checks.ts';

/** The experiment log, and the doctor. */
export function recordHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<
  Handlers<WorkerMethods>,
  'experimentLog.list' | 'experimentLog.ofRun' | 'experimentLog.conclude' | 'doctor.run'
> {
  return {
    'experimentLog.list': async ({ folder }) => {
      const entries = await listEntries(absolute(folder));
      return { entries, links: linksIn(worker, absolute(folder), entries) };
    },
    'experimentLog.ofRun': async ({ runId }) => {
      const { found } = worker.views.find(runId);
      const own = projectFolder(worker, found.path, found.root);
      return { entries: await entriesOf(worker, runId, own) };
    },
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
          sources: () => sourcesOf(worker, client()),
        },
        signal,
      );
    },
  };
}

/** What was found in every folder that the client has open. */
function sourcesOf(worker: WorkerServices, client: Client): Promise<readonly SourcesOfRoot[]> {
  const roots = [...client.folders.keys()];
  const runs = [...worker.catalog.all()]
    .filter(({ found }) => roots.includes(found.root))
    .map((run) => {
      const { status, createdAt } = worker.views.summary(run);
      const places = [run.found, ...(run.found.parts ?? [])];
      return { places, root: run.found.root, status, createdAt, isDamaged: run.problems.length > 0 };
    });
  return reportSources(roots, runs, (root) => worker.folders.skippedIn(root));
}

/** The folder whose log an entry about the run goes to: the one that it was launched from, else the one that it was found under. */
function projectFolder(worker: WorkerServices, runPath: string, root: string): string {
  const launchedFrom = launchRecordOf(runPath)?.cwd;
  if (launchedFrom !== undefined && isInside(runPath, launchedFrom)) return launchedFrom;
  return worker.folders.roots.find((folder) => isInside(runPath, folder)) ?? root;
}
