import path from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { AppError } from '../../base/errors.ts';
import type { FoundRun } from '../../domain/records.ts';
import type { FolderMatch, RunContainer, RunFormat } from '../format.ts';
import { type IndexedContainer, listContainer } from './containers.ts';
import { type Disk, diskOf } from './disk.ts';
import { type FolderIndex, type IndexedFolder, isCurrent, type SkippedFolder } from './folderIndex.ts';
import { type ListedNames, listFolder } from './listFolder.ts';
import { excludedBy, skipByContent, skipByName } from './skip.ts';

export interface DiscoverOptions {
  /** Patterns of folders, relative to the root, that are not looked into. */
  readonly exclude?: readonly string[];
  /** The index of the last walk with the same root and options: unchanged folders are not listed again. */
  readonly previous?: FolderIndex;
  /** How many folders deep the walk goes. */
  readonly maxDepth?: number;
  readonly signal?: AbortSignal;
}

export interface Discovery {
  /** In the order of their paths. */
  readonly runs: readonly FoundRun[];
  /** For the next walk. */
  readonly index: FolderIndex;
  /** What was not looked into, and why. */
  readonly skipped: readonly SkippedFolder[];
}

/** A folder that waits to be visited. */
interface Visit {
  readonly path: string;
  readonly depth: number;
}

/** A walk lets others work after so many milliseconds. */
const turnMs = 15;

/**
 * Finds all runs below a root by names alone. Real folders are walked before links, and each folder is visited once whatever leads to it, so loops end
 * and a run has its real path. Rejects with `not-found` when the root is no folder; folders that cannot be read are in `skipped`.
 */
export async function discover(
  root: string,
  formats: readonly RunFormat[],
  options: DiscoverOptions = {},
): Promise<Discovery> {
  const walk = new Walk(path.resolve(root), formats, options);
  await walk.run();
  const runs = walk.runs.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { runs, index: walk.index, skipped: walk.skipped };
}

const nothingFound = { runs: [], containers: [], folders: [], links: [], skipped: [] };

class Walk {
  readonly runs: FoundRun[] = [];
  readonly index = new Map<string, IndexedFolder>();
  readonly skipped: SkippedFolder[] = [];
  readonly #root: string;
  readonly #formats: readonly RunFormat[];
  readonly #options: DiscoverOptions;
  readonly #isExcluded: (relativePath: string) => boolean;
  readonly #visited = new Set<string>();
  readonly #disk: Disk;
  #links: Visit[] = [];
  #turnBegan = performance.now();

  constructor(root: string, formats: readonly RunFormat[], options: DiscoverOptions) {
    this.#root = root;
    this.#formats = formats;
    this.#options = options;
    this.#isExcluded = excludedBy(options.exclude ?? []);
    this.#disk = diskOf(root);
  }

  async run(): Promise<void> {
    if (!(await this.#isFolder(this.#root))) throw new AppError('not-found', `There is no folder ${this.#root}.`);
    await this.#walkAll([{ path: this.#root, depth: 0 }]);
    while (this.#links.length > 0) {
      // One link at a time: which of two links to a folder wins must not depend on the disk's speed.
      const next = this.#links.sort((a, b) => (a.path < b.path ? -1 : 1)).shift()!;
      await this.#walkAll([next]);
    }
  }

  async #isFolder(folder: string): Promise<boolean> {
    try {
      return (await this.#disk.stat(folder)).isDirectory();
    } catch {
      return false;
    }
  }

  async #walkAll(start: readonly Visit[]): Promise<void> {
    let level = start;
    while (level.length > 0) {
      const next: Visit[] = [];
      const { width } = this.#disk;
      for (let from = 0; from < level.length; from += width) {
        this.#options.signal?.throwIfAborted();
        await this.#giveTurn();
        const batch = await Promise.all(level.slice(from, from + width).map((visit) => this.#visit(visit)));
        for (const visits of batch) next.push(...visits);
      }
      level = next;
    }
  }

  async #giveTurn(): Promise<void> {
    if (performance.now() - this.#turnBegan < turnMs) return;
    await otherWork();
    this.#turnBegan = performance.now();
  }

  /** Looks at one folder; gives back the folders to go on with. */
  async #visit({ path: folder, depth }: Visit): Promise<readonly Visit[]> {
    try {
      const facts = await this.#disk.stat(folder);
      const identity = `${facts.dev}:${facts.ino}`;
      if (this.#visited.has(identity)) return [];
      this.#visited.add(identity);
      const modifiedAt = Number(facts.mtimeNs) / 1e9;
      const signature = `${identity}:${facts.mtimeNs}`;
      const known = this.#options.previous?.get(folder);
      const indexed = isCurrent(known, signature)
        ? await this.#renew(known)
        : await this.#list(folder, signature, modifiedAt);
      this.index.set(folder, indexed);
      this.runs.push(...indexed.runs);
      for (const { container, listing } of indexed.containers) {
        this.runs.push(...listing.runs);
        if (listing.skipped !== undefined) this.skipped.push({ path: container.path, reason: listing.skipped });
      }
      this.skipped.push(...indexed.skipped);
      return this.#goOn(folder, depth, indexed);
    } catch (error) {
      this.skipped.push({
        path: folder,
        reason: `it cannot be read (${(error as { code?: string }).code ?? String(error)})`,
      });
      return [];
    }
  }

  #goOn(folder: string, depth: number, indexed: IndexedFolder): readonly Visit[] {
    if (depth >= (this.#options.maxDepth ?? 32)) return [];
    const toVisit = (name: string): Visit => ({ path: path.join(folder, name), depth: depth + 1 });
    this.#links.push(...indexed.links.map(toVisit));
    return indexed.folders.map(toVisit);
  }

  async #list(folder: string, signature: string, modifiedAt: number): Promise<IndexedFolder> {
    const listedAt = Date.now() / 1000;
    const names = await listFolder(folder, this.#disk);
    const environment = folder === this.#root ? undefined : skipByContent(names.files, names.folders);
    const about = { signature, listedAt, modifiedAt };
    if (environment !== undefined) {
      return { ...about, ...nothingFound, skipped: [{ path: folder, reason: environment }] };
    }
    const { runs, containers: named = [], descend } = this.#match(folder, names);
    const containers = await this.#open(named, this.#options.previous?.get(folder)?.containers ?? []);
    if (!descend) return { ...about, ...nothingFound, runs, containers };
    const skipped: SkippedFolder[] = [];
    const wanted = (name: string): boolean => this.#wants(path.join(folder, name), name, skipped);
    return {
      ...about,
      runs,
      containers,
      folders: names.folders.filter(wanted),
      links: names.links.filter(wanted),
      skipped,
    };
  }

  /** What all formats see in a folder. One that claims the whole of it ends the asking, so a run of ours is not also one of TensorBoard's. */
  #match(folder: string, { files, folders, links }: ListedNames): FolderMatch {
    const listing = { path: folder, root: this.#root, files, folders: [...folders, ...links] };
    const matches: FolderMatch[] = [];
    for (const format of this.#formats) {
      const match = format.match(listing);
      if (match === undefined) continue;
      matches.push(match);
      if (match.exclusive === true) break;
    }
    return {
      runs: matches.flatMap(({ runs }) => runs),
      containers: matches.flatMap(({ containers }) => containers ?? []),
      descend: matches.every(({ descend }) => descend),
    };
  }

  /** A folder whose names are the same still holds files that grow. */
  async #renew(known: IndexedFolder): Promise<IndexedFolder> {
    if (known.containers.length === 0) return known;
    const named = known.containers.map(({ container }) => container);
    return { ...known, containers: await this.#open(named, known.containers) };
  }

  async #open(
    containers: readonly RunContainer[],
    known: readonly IndexedContainer[],
  ): Promise<readonly IndexedContainer[]> {
    const opened: IndexedContainer[] = [];
    for (const container of containers) {
      await this.#giveTurn();
      const before = known.find(
        (each) => each.container.path === container.path && each.container.source === container.source,
      );
      const listed = await listContainer(container, before, this.#formats, this.#disk);
      if (listed !== undefined) opened.push(listed);
    }
    return opened;
  }

  #wants(folder: string, name: string, skipped: SkippedFolder[]): boolean {
    const relative = path.relative(this.#root, folder).split(path.sep).join('/');
    const reason = skipByName(name) ?? (this.#isExcluded(relative) ? 'the settings exclude it' : undefined);
    if (reason !== undefined) skipped.push({ path: folder, reason });
    return reason === undefined;
  }
}
