import path from 'node:path';
import type { RemoteFile } from '../../domain/target.ts';
import { readJson, writeJsonSynced } from '../files.ts';

const stateFile = 'ssh-files.json';

interface StateOnDisk {
  readonly format: 1;
  /** Path below the run's folder → inode over there. Noted before the file is made here, so that no file of anybody else's is ever written to. */
  readonly mirrored: { readonly [path: string]: string };
  readonly listed: { readonly [path: string]: { readonly size: number; readonly mtimeMs: number } };
}

/** `ssh-files.json`: which files of the run directory are copies of files over there, and which files there are besides. */
export class MirrorState {
  readonly #directory: string;
  readonly #mirrored: Map<string, string>;
  readonly #listed: Map<string, { readonly size: number; readonly mtimeMs: number }>;
  #isChanged = false;

  constructor(directory: string) {
    this.#directory = directory;
    const known = readJson<StateOnDisk>(path.join(directory, stateFile));
    this.#mirrored = new Map(Object.entries(known?.mirrored ?? {}));
    this.#listed = new Map(Object.entries(known?.listed ?? {}));
  }

  inodeOf(file: string): string | undefined {
    return this.#mirrored.get(file);
  }

  noteMirrored(file: string, inode: string): void {
    if (this.#mirrored.get(file) === inode) return;
    this.#mirrored.set(file, inode);
    this.#isChanged = true;
    this.save();
  }

  noteListed(file: string, size: number, mtimeMs: number): void {
    this.#listed.set(file, { size, mtimeMs });
    this.#isChanged = true;
  }

  listed(): ReadonlyMap<string, { readonly size: number; readonly mtimeMs: number }> {
    return this.#listed;
  }

  forgetListed(): void {
    this.#listed.clear();
    this.#isChanged = true;
    this.save();
  }

  save(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const state: StateOnDisk = {
      format: 1,
      mirrored: Object.fromEntries(this.#mirrored),
      listed: Object.fromEntries(this.#listed),
    };
    writeJsonSynced(path.join(this.#directory, stateFile), state);
  }
}

/** Nothing of the run is over there any more. */
export function forgetRemoteFiles(directory: string): void {
  new MirrorState(directory).forgetListed();
}

/** Files of the run that are on the other machine and may be fetched, newest first. */
export function remoteFiles(directory: string): readonly Omit<RemoteFile, 'here'>[] {
  return [...new MirrorState(directory).listed()]
    .map(([file, { size, mtimeMs }]) => ({ path: file, sizeBytes: size, modifiedAt: mtimeMs / 1000 }))
    .sort((a, b) => b.modifiedAt - a.modifiedAt);
}
