/** Where in a run directory stands how it was at the launch. What is not there was not to be had. */
export const snapshotFiles = {
  folder: 'snapshot',
  /** Copies of files that git does not track, at their places in the repository. */
  untracked: 'snapshot/untracked',
  /** What of them was left out, and why. */
  untrackedList: 'snapshot/untracked.json',
  /** Copies of lock files and lists of requirements. */
  locks: 'snapshot/locks',
  /** `pip freeze` of the Python that runs. */
  packages: 'snapshot/packages.txt',
  /** Processor, memory, GPUs, versions. */
  hardware: 'snapshot/hardware.json',
  /** Files and folders that the configuration names: sizes, times, hashes. */
  data: 'snapshot/data.json',
} as const;

/** `snapshot/untracked.json`. */
export interface UntrackedList {
  /** Relative to the repository, in order. */
  readonly kept: readonly string[];
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
}

/** Why results, packages and caches were left out, which nobody misses when the code is restored. */
export const leftOutResults = 'results, packages or caches by its name';
export const leftOutRuns = 'runs are kept there';

/** Whether something that was left out may have been part of the code. */
export function isSource({ reason }: UntrackedList['leftOut'][number]): boolean {
  return reason !== leftOutResults && reason !== leftOutRuns;
}

/** A file for a run directory. */
export interface SnapshotFile {
  /** Relative to the run directory, with slashes. */
  readonly path: string;
  readonly content: Uint8Array | string;
  readonly mode?: number;
}
