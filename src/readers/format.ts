import type { Disposable } from '../base/disposables.ts';
import type { FoundRun, PollResult, ReaderCursor } from '../domain/records.ts';
import type { RunSource } from '../domain/run.ts';

/** The names in one folder, as discovery saw them. Nothing was opened. */
export interface FolderListing {
  /** Absolute path. */
  readonly path: string;
  /** Absolute path of the root that is searched. */
  readonly root: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** A file or folder whose content must be looked at to know which runs it holds: a database, a registry, a CSV file of any kind. */
export interface RunContainer {
  readonly source: RunSource;
  /** Absolute path. */
  readonly path: string;
  readonly root: string;
  /** Absolute paths of files that hold the same data, such as a database's `-wal`: the container is looked at again when one of them changes. */
  readonly beside?: readonly string[];
}

/** What a format sees in a folder, and what that means for the walk. */
export interface FolderMatch {
  /** Runs that names alone tell. */
  readonly runs: readonly FoundRun[];
  readonly containers?: readonly RunContainer[];
  /** Whether the walk goes on below this folder. */
  readonly descend: boolean;
  /** The whole folder is this format's: those that come after it in the table are not asked. */
  readonly exclusive?: boolean;
}

export interface ContainerListing {
  readonly runs: readonly FoundRun[];
  /** Growth cannot change the answer, so the container is looked at again only when it is another file (inode) or shrinks. */
  readonly settled: boolean;
  /** Why nothing is read of it, where that is so: shown among the sources of Doctor. */
  readonly skipped?: string;
}

/** How much one poll may read, so that a huge file does not keep the others waiting. */
export interface PollBudget {
  readonly maxBytes: number;
  /** Who asks looks at the rows and gives their memory back (`giveRows`) before anything else is read: they need no memory of their own. A reader need not care. */
  readonly lent?: boolean;
}

/** Reads one run, a piece at a time. */
export interface RunReader extends Disposable {
  /**
   * Reads what is new since `cursor` (undefined: from the start). Never throws for bad content: that is a problem in the answer.
   * Any cut of the bytes into pieces gives the same rows.
   */
  poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult>;
}

/** One tracker format: a folder under src/readers and one line in the table of formats. */
export interface RunFormat {
  readonly source: RunSource;
  readonly title: string;
  /** Decides by names alone what a folder holds of this format. */
  match(folder: FolderListing): FolderMatch | undefined;
  /** The runs in a container that `match` named. Never rejects for bad content; a container that is gone holds nothing. */
  list?(container: RunContainer): Promise<ContainerListing>;
  open(run: FoundRun): RunReader;
  /** Reads one file of the run's folder alone, where the format can. */
  openFile?(run: FoundRun, fileName: string): RunReader;
  /** Whether one file, by its name and first bytes (up to 4 KiB), is of this format: for `inspect FILE`. */
  matchFile?(fileName: string, head: Uint8Array): boolean;
}
