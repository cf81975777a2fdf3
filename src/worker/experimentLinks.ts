import type { RunId } from '../domain/ids.ts';
import type { LogEntry, LogLink } from '../domain/logEntry.ts';
import { type LinkableRun, linkEntries } from '../domain/logLinks.ts';
import { listEntries } from './experimentLog.ts';
import { isInside } from './runs/folders.ts';
import type { LiveRun } from './runs/liveRun.ts';
import type { RunCatalog } from './runs/runCatalog.ts';
import type { RunViews } from './runs/runViews.ts';

/** What links need of the worker. */
export interface LinkSources {
  readonly catalog: RunCatalog;
  readonly views: RunViews;
  readonly folders: { readonly roots: readonly string[] };
}

/** Which runs of a folder its entries are about. */
export function linksIn(sources: LinkSources, folder: string, entries: readonly LogEntry[]): readonly LogLink[] {
  return entries.length === 0 ? [] : linkEntries(entries, runsIn(sources, folder));
}

/** The entries about a run: in the log of the folder that it was launched from, and in those of the open folders that it lies in. */
export async function entriesOf(
  sources: LinkSources,
  runId: RunId,
  ownFolder: string,
): Promise<readonly { readonly entry: LogEntry; readonly why: string }[]> {
  const { path } = sources.catalog.get(runId)?.found ?? { path: ownFolder };
  const folders = new Set([ownFolder, ...sources.folders.roots.filter((root) => isInside(path, root))]);
  const lists = await Promise.all(
    [...folders].map(async (folder) => {
      const entries = await listEntries(folder);
      const links = linksIn(sources, folder, entries).filter((link) => link.runId === runId);
      return links.flatMap(({ line, why }) => {
        const entry = entries.find((each) => each.line === line);
        return entry === undefined ? [] : [{ entry, why }];
      });
    }),
  );
  return lists.flat();
}

function* runsIn({ catalog, views }: LinkSources, folder: string): Generator<LinkableRun> {
  for (const run of catalog.all())
    if (run.found.root === folder || isInside(run.found.path, folder)) yield linkable(run, views);
}

function linkable(run: LiveRun, views: RunViews): LinkableRun {
  const { name, createdAt } = views.summary(run);
  const { command, outputs, config } = run.facts;
  // A person may have given the run another name since; the log knows the one that it was started with.
  const startedAs = config?.['run_name'] ?? run.facts.name;
  return {
    id: run.id,
    name,
    path: run.found.path,
    createdAt,
    ...(command === undefined ? {} : { command }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(typeof startedAs === 'string' ? { startedAs } : {}),
  };
}
