import path from 'node:path';
import { Disposables } from '../../base/disposables.ts';
import { AppError, toErrorInfo } from '../../base/errors.ts';
import type { SkippedPlace } from '../../domain/doctor.ts';
import type { FoundRun } from '../../domain/records.ts';
import type { FolderSettings } from '../../protocol/worker.ts';
import { watchFolder } from './folderWatch.ts';
import type { ReaderPool } from './readerPool.ts';

const shortestPauseMs = 5_000;
/** A walk may take one part in so many of the time. */
const walkShare = 250;
const hintDelayMs = 150;

export interface FoldersOptions {
  readonly pool: ReaderPool;
  /** Called after every walk with everything that lies below the root. */
  readonly onWalked: (root: string, runs: readonly FoundRun[], walkedAt: number) => void;
  readonly complain: (message: string) => void;
}

/** What the last walk of a folder did not look into. */
export interface SkippedPlaces {
  readonly skipped: readonly SkippedPlace[];
  readonly skippedCount: number;
}

interface OpenFolder {
  readonly root: string;
  settings: FolderSettings;
  holders: number;
  readonly watches: Disposables;
  timer: NodeJS.Timeout | undefined;
  walking: Promise<void> | undefined;
  again: boolean;
  walkedAt: number | undefined;
  skips: SkippedPlaces;
  /** The last answer of a walk, and its name. */
  found: { readonly runs: readonly FoundRun[]; readonly version: number } | undefined;
}

/** The folders that clients have open. Each is walked for runs when it is opened, when the system hints at a change, and now and then. */
export class Folders extends Disposables {
  readonly #options: FoldersOptions;
  readonly #folders = new Map<string, OpenFolder>();

  constructor(options: FoldersOptions) {
    super();
    this.#options = options;
    this.onDispose(() => {
      for (const folder of this.#folders.values()) this.#end(folder);
    });
  }

  get roots(): readonly string[] {
    return [...this.#folders.keys()];
  }

  /** Opens a folder once more. Rejects with `not-found` where there is none. Resolves after its first walk. */
  async open(root: string, settings: FolderSettings): Promise<void> {
    const folder = this.#folders.get(root) ?? this.#create(root, settings);
    folder.holders++;
    try {
      if (this.#apply(folder, settings) || folder.walkedAt === undefined) await this.#walk(folder, false);
    } catch (error) {
      this.close(root);
      throw error;
    }
  }

  /** Other settings of a folder that is open: they hold for everybody who has it open. */
  async change(root: string, settings: FolderSettings): Promise<void> {
    const folder = this.#folders.get(root);
    if (folder !== undefined && this.#apply(folder, settings)) await this.#walk(folder, false);
  }

  /** What discovery leaves out below a folder that is open. */
  excludedIn(root: string): readonly string[] | undefined {
    return this.#folders.get(root)?.settings.exclude;
  }

  /** When the last walk of a folder that is open began, in milliseconds since 1970; undefined before the first has ended. */
  walkedAt(root: string): number | undefined {
    return this.#folders.get(root)?.walkedAt;
  }

  /** What the last walk of a folder that is open did not look into. */
  skippedIn(root: string): SkippedPlaces | undefined {
    return this.#folders.get(root)?.skips;
  }

  close(root: string): void {
    const folder = this.#folders.get(root);
    if (folder === undefined) return;
    folder.holders--;
    if (folder.holders > 0) return;
    this.#end(folder);
    this.#folders.delete(root);
  }

  /** Looks again now, at every folder below it. */
  async refresh(root: string): Promise<void> {
    const folder = this.#folders.get(root);
    if (folder === undefined) throw new AppError('not-found', `The folder ${root} is not open.`);
    await folder.walking?.catch(() => {});
    await this.#walk(folder, true);
  }

  #create(root: string, settings: FolderSettings): OpenFolder {
    const folder: OpenFolder = {
      root,
      settings,
      holders: 0,
      watches: new Disposables(),
      timer: undefined,
      walking: undefined,
      again: false,
      walkedAt: undefined,
      skips: { skipped: [], skippedCount: 0 },
      found: undefined,
    };
    this.#folders.set(root, folder);
    const hint = () => void this.#walk(folder, false).catch(() => {});
    // Runs are mostly made in the root or in this folder; deeper places are found by the walks in between.
    folder.watches.add(watchFolder(root, hintDelayMs, hint));
    folder.watches.add(watchFolder(path.join(root, 'runs'), hintDelayMs, hint));
    return folder;
  }

  /** True where the settings are others than before. */
  #apply(folder: OpenFolder, settings: FolderSettings): boolean {
    const changed = JSON.stringify(settings) !== JSON.stringify(folder.settings);
    folder.settings = settings;
    return changed;
  }

  #walk(folder: OpenFolder, afresh: boolean): Promise<void> {
    if (folder.walking !== undefined) {
      folder.again = true;
      return folder.walking;
    }
    clearTimeout(folder.timer);
    folder.walking = this.#walkOnce(folder, afresh).finally(() => {
      folder.walking = undefined;
      if (folder.again && !this.isDisposed) {
        folder.again = false;
        void this.#walk(folder, false).catch(() => {});
      }
    });
    return folder.walking;
  }

  async #walkOnce(folder: OpenFolder, afresh: boolean): Promise<void> {
    const { pool, onWalked, complain } = this.#options;
    const walkedAt = Date.now();
    const { exclude = [], pollSeconds = shortestPauseMs / 1000 } = folder.settings;
    let pause = Math.max(1, pollSeconds) * 1000;
    try {
      const { runs, version, milliseconds, ...skips } = await pool.ask(folder.root, 'discover', {
        root: folder.root,
        exclude,
        afresh,
        known: folder.found?.version,
      });
      pause = Math.max(pause, milliseconds * walkShare);
      if (this.isDisposed || folder.holders === 0) return;
      folder.walkedAt = walkedAt;
      folder.skips = skips;
      // Nothing has come or gone, but what waited to be missed for certain may be missed now.
      if (runs !== undefined) folder.found = { runs, version };
      onWalked(folder.root, folder.found?.runs ?? [], walkedAt);
    } catch (error) {
      if (!this.isDisposed) complain(`${folder.root} cannot be walked: ${toErrorInfo(error).message}`);
      throw error;
    } finally {
      const isOpen = !this.isDisposed && this.#folders.get(folder.root) === folder;
      if (isOpen) folder.timer = setTimeout(() => void this.#walk(folder, false).catch(() => {}), pause);
    }
  }

  #end(folder: OpenFolder): void {
    clearTimeout(folder.timer);
    folder.watches.dispose();
  }
}

/** Whether a path lies in a folder or is it. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}
