import type { FoundRun } from '../../domain/records.ts';
import type { IndexedContainer } from './containers.ts';

/** What discovery keeps of a folder, so that the next walk need not list it again. The files' names are not kept: data sets have millions. */
export interface IndexedFolder {
  /** Identity and modification time as `stat` gives them; a folder's time changes when a name in it comes or goes. */
  readonly signature: string;
  /** Seconds since 1970 at which the listing was made, and the folder's own time. */
  readonly listedAt: number;
  readonly modifiedAt: number;
  /** Runs that the names told, and what must be opened to know its runs. */
  readonly runs: readonly FoundRun[];
  readonly containers: readonly IndexedContainer[];
  /** Names of the folders to walk on into, links to folders apart. */
  readonly folders: readonly string[];
  readonly links: readonly string[];
  readonly skipped: readonly SkippedFolder[];
}

export interface SkippedFolder {
  readonly path: string;
  readonly reason: string;
}

/** Absolute path → folder. Valid for one root and one set of options. */
export type FolderIndex = ReadonlyMap<string, IndexedFolder>;

/** The coarsest clock of a file system in use is FAT's, with two seconds; a folder that changed so shortly before its listing may change again unseen. */
const clockSeconds = 2;

/** Whether a listing still holds for a folder of this signature. */
export function isCurrent(known: IndexedFolder | undefined, signature: string): known is IndexedFolder {
  return known !== undefined && known.signature === signature && known.listedAt - known.modifiedAt > clockSeconds;
}
