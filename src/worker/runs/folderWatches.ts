import { statSync } from 'node:fs';
import path from 'node:path';
import { type Disposable, Disposables } from '../../base/disposables.ts';
import type { FoundRun } from '../../domain/records.ts';
import { isRemoteDisk } from '../../readers/discovery/remoteDisk.ts';
import { watchFolder } from './folderWatch.ts';

/** Watches cost the user's system a handle each. */
const maxFolders = 256;

interface Watched {
  readonly handle: Disposable;
  readonly listeners: Set<() => void>;
}

/** Watches of the folders that runs lie in. All runs of a folder, or of a database, share one. */
export class FolderWatches extends Disposables {
  readonly #delayMs: number;
  readonly #folders = new Map<string, Watched>();
  readonly #remoteRoots = new Map<string, boolean>();

  constructor(delayMs: number) {
    super();
    this.#delayMs = delayMs;
    this.onDispose(() => {
      for (const { handle } of this.#folders.values()) handle.dispose();
      this.#folders.clear();
    });
  }

  /**
   * Calls `onChange` soon after something changed in a folder that the run is read from. Undefined where nothing can be watched: on a disk that other
   * machines write to, or where there are too many watches already.
   */
  watch(run: FoundRun, onChange: () => void): Disposable | undefined {
    if (this.isRemote(run)) return undefined;
    const folders = [...new Set([run.path, ...(run.parts ?? []).map((part) => part.path)].map(folderOf))];
    const fresh = folders.filter((folder) => !this.#folders.has(folder));
    if (this.#folders.size + fresh.length > maxFolders) return undefined;
    for (const folder of folders) this.#watched(folder).listeners.add(onChange);
    return {
      dispose: () => {
        for (const folder of folders) this.#unwatch(folder, onChange);
      },
    };
  }

  /** Whether a run lies on a disk that is polled only. */
  isRemote({ root }: FoundRun): boolean {
    let isRemote = this.#remoteRoots.get(root);
    if (isRemote === undefined) {
      isRemote = isRemoteDisk(root);
      this.#remoteRoots.set(root, isRemote);
    }
    return isRemote;
  }

  #watched(folder: string): Watched {
    let watched = this.#folders.get(folder);
    if (watched === undefined) {
      const listeners = new Set<() => void>();
      const tell = () => {
        for (const listener of listeners) listener();
      };
      watched = { listeners, handle: watchFolder(folder, this.#delayMs, tell) };
      this.#folders.set(folder, watched);
    }
    return watched;
  }

  #unwatch(folder: string, listener: () => void): void {
    const watched = this.#folders.get(folder);
    watched?.listeners.delete(listener);
    if (watched === undefined || watched.listeners.size > 0) return;
    watched.handle.dispose();
    this.#folders.delete(folder);
  }
}

/** A file is watched by its folder: what is renamed over it would end a watch of its own, and a database's log lies beside it. */
function folderOf(place: string): string {
  const isFile = statSync(place, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? path.dirname(place) : place;
}
