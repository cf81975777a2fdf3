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

/** What a match means for the walk: the run, and whether the walk goes on below this folder. */
export interface FolderMatch {
  readonly run: FoundRun;
  readonly descend: boolean;
}

/** How much one poll may read, so that a huge file does not keep the others waiting. */
export interface PollBudget {
  readonly maxBytes: number;
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
  /** Decides by names alone whether a folder is a run of this format. */
  match(folder: FolderListing): FolderMatch | undefined;
  open(run: FoundRun): RunReader;
  /** Reads one file of the run's folder alone, where the format can. */
  openFile?(run: FoundRun, fileName: string): RunReader;
}
