import type { RunId } from '../../domain/ids.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import type { SnapshotFile } from '../../launch/snapshot/snapshotFiles.ts';

/** A launch with everything decided but the name that is free in the end. */
export interface Prepared {
  /** The folder that the run belongs to. */
  readonly root: string;
  readonly runsFolder: string;
  readonly name: string;
  /** The name was made up, so another one will do where it is taken. */
  readonly isNameFree: boolean;
  readonly slot: string;
  readonly held: boolean;
  record(id: RunId, name: string, directory: string): LaunchRecord;
  readonly configYaml?: (name: string) => string;
  readonly patch?: string;
  readonly files?: readonly SnapshotFile[];
}

/** A run that is in the queue. */
export interface LaunchedRun {
  readonly runId: RunId;
  readonly root: string;
  readonly directory: string;
}

/** The fields that are there. */
export function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
