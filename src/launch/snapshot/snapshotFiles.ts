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

/** A file for a run directory. */
export interface SnapshotFile {
  /** Relative to the run directory, with slashes. */
  readonly path: string;
  readonly content: Uint8Array | string;
  readonly mode?: number;
}
