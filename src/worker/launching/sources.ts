import type { EntryPoint, HydraComposition } from '../../domain/entryPoint.ts';
import type { RunId } from '../../domain/ids.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { NamedTarget } from '../../domain/target.ts';

/** What a launch of a command asks of the rest of the worker. */
export interface LaunchSources {
  /** The entry point of an id. Throws `not-found`. */
  findEntry(folder: string, id: string): Promise<EntryPoint>;
  /** The configuration that overrides give; undefined where nobody can say. */
  compose(
    folder: string,
    entry: EntryPoint,
    overrides: readonly string[],
    signal?: AbortSignal,
  ): Promise<HydraComposition | undefined>;
  /** Targets that the folder's trainyard.yaml names. */
  targets(folder: string): Promise<readonly NamedTarget[]>;
  /** The latest run of the same entry point (or of the same plain command) in a folder, with its configuration. */
  lastRunOf(
    folder: string,
    entry: string,
  ): { readonly id: RunId; readonly name: string; readonly config: JsonObject } | undefined;
}

/** A worker without entry points and targets of its own: plain commands on this machine. */
export const noSources: LaunchSources = {
  findEntry: async () => {
    throw new Error('There are no entry points.');
  },
  compose: async () => undefined,
  targets: async () => [],
  lastRunOf: () => undefined,
};
