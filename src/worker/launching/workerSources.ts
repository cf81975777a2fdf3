import { AppError } from '../../base/errors.ts';
import type { EntryPoint, HydraComposition } from '../../domain/entryPoint.ts';
import type { NamedTarget } from '../../domain/target.ts';
import type { LiveRun } from '../runs/liveRun.ts';
import type { RunCatalog } from '../runs/runCatalog.ts';
import type { LaunchSources } from './sources.ts';

/** What can be launched in a folder, as far as launches ask. */
export interface EntryLookup {
  find(folder: string, id: string): Promise<EntryPoint | undefined>;
  compose?(
    folder: string,
    entryId: string,
    overrides: readonly string[],
    signal?: AbortSignal,
  ): Promise<HydraComposition>;
}

export interface WorkerSourcesOptions {
  readonly catalog: RunCatalog;
  readonly entries: () => EntryLookup | undefined;
  /** Targets of a folder's trainyard.yaml. */
  readonly targets: (folder: string) => Promise<readonly NamedTarget[]>;
}

/** The worker's own services as a launch needs them. */
export function workerSources({ catalog, entries, targets }: WorkerSourcesOptions): LaunchSources {
  return {
    findEntry: async (folder, id) => {
      const entry = await entries()?.find(folder, id);
      if (entry !== undefined) return entry;
      throw new AppError('not-found', `There is no entry point ${id} in ${folder}.`, {
        hint: 'Look at the list of entry points again: the file may have been moved.',
      });
    },
    compose: async (folder, entry, overrides, signal) => entries()?.compose?.(folder, entry.id, overrides, signal),
    targets,
    lastRunOf: (folder, key) => {
      const run = latest(catalog, folder, key);
      return run === undefined
        ? undefined
        : { id: run.id, name: run.facts.name ?? run.found.name, config: run.facts.config ?? {} };
    },
  };
}

function latest(catalog: RunCatalog, folder: string, key: string): LiveRun | undefined {
  let found: LiveRun | undefined;
  for (const run of catalog.all()) {
    if (run.facts.entry !== key || run.found.root !== folder) continue;
    if (found === undefined || (run.facts.createdAt ?? 0) > (found.facts.createdAt ?? 0)) found = run;
  }
  return found;
}
