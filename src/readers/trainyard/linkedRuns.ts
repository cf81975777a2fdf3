import { statSync } from 'node:fs';
import path from 'node:path';
import type { Json } from '../../domain/json.ts';
import type {
  FoundRun,
  MediaRecord,
  PollResult,
  ReaderCursor,
  RunFacts,
  ScalarBatch,
  SourceOfRun,
} from '../../domain/records.ts';
import type { RunSource } from '../../domain/run.ts';
import type { RunLink } from '../../domain/runDirectory.ts';
import { mergeFacts } from '../composite/mergeFacts.ts';
import { discover } from '../discovery/discover.ts';
import type { FolderIndex } from '../discovery/folderIndex.ts';
import type { PollBudget, RunFormat, RunReader } from '../format.ts';

/** Where the reading of the linked places goes on. */
export interface LinkedCursor {
  /** By the place's key: the cursor of its reader. */
  readonly places: { readonly [key: string]: ReaderCursor };
  /** Which place has a tag under its bare name: two loggers of one run often write the same tags. */
  readonly owners: { readonly [tag: string]: string };
}

export const emptyLinkedCursor: LinkedCursor = { places: {}, owners: {} };

export interface LinkedPoll {
  readonly cursor: LinkedCursor;
  /** One of the places was written anew: everything that was read of the run is void. */
  readonly reset: boolean;
  readonly more: boolean;
  /** What the run's own files do not say: configuration, console logs, what its trackers call it, where it was logged. */
  readonly facts: RunFacts;
  readonly scalars: readonly ScalarBatch[];
  readonly media: readonly MediaRecord[];
  readonly problems: PollResult['problems'];
}

/** A folder below a link that a format reads. */
interface Place {
  readonly key: string;
  readonly run: FoundRun;
  /** Why it belongs to the run. */
  readonly why: string;
  /** What relative names of files stand in. */
  readonly folder: string;
  /** What stands before its tags where another place has them already. */
  readonly prefix: string;
  readonly reader: RunReader;
}

/** How a run of ours is, who started it and when, is known from its own files; the rest is taken over. */
const takenFacts = [
  'config',
  'restarts',
  'console',
  'configFiles',
  'outputs',
  'project',
  'group',
  'trackerId',
  'trackerLabels',
  'trackerNote',
  'summary',
  'host',
] as const satisfies readonly (keyof RunFacts)[];

const nestedDepth = 6;
/** Folders of a run directory that hold no rows. */
const ownFolders = ['snapshot', 'samples', 'checkpoints', 'stages'];

/**
 * Reads what a run's program wrote elsewhere, or in folders of the run directory, with the readers of the other formats. Places that vanish keep what
 * was read of them.
 */
export class LinkedRuns {
  readonly #runFolder: string;
  readonly #formats: readonly RunFormat[];
  readonly #walks = new Map<string, FolderIndex>();
  readonly #places = new Map<string, Place>();
  /** What each place has told so far: a poll tells only what is new. */
  readonly #facts = new Map<string, RunFacts>();

  constructor(runFolder: string, formats: readonly RunFormat[]) {
    this.#runFolder = runFolder;
    this.#formats = formats;
  }

  async poll(
    links: readonly RunLink[],
    known: LinkedCursor,
    budget: PollBudget,
    takenTags: Iterable<string>,
  ): Promise<LinkedPoll> {
    await this.#findPlaces(links);
    const places: { [key: string]: ReaderCursor } = { ...known.places };
    const owners = new Map(Object.entries(known.owners));
    for (const tag of takenTags) if (!owners.has(tag)) owners.set(tag, '');
    const [scalars, media, problems]: [ScalarBatch[], MediaRecord[], PollResult['problems'][number][]] = [[], [], []];
    let more = false;
    const sorted = [...this.#places.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const place of sorted) {
      const answer = await pollPlace(place, places[place.key], budget);
      if (answer === undefined) continue;
      if (answer.reset && places[place.key] !== undefined) return { ...nothing, reset: true };
      places[place.key] = answer.cursor;
      scalars.push(...answer.scalars.map((batch) => named(batch, place, owners)));
      media.push(...answer.media.map((record) => based(named(record, place, owners), place.folder)));
      problems.push(...answer.problems.map((problem) => ({ ...problem, file: path.join(place.folder, problem.file) })));
      this.#facts.set(place.key, { ...this.#facts.get(place.key), ...answer.facts });
      more ||= answer.more;
    }
    return {
      cursor: { places, owners: Object.fromEntries(owners) },
      reset: false,
      more,
      facts: this.#mergeFacts(sorted, owners),
      scalars,
      media,
      problems,
    };
  }

  dispose(): void {
    this.#forget();
  }

  /** Lets go of the readers, which remember what they told, so that the next poll starts anew. */
  forget(): void {
    this.#forget();
  }

  #forget(): void {
    for (const { reader } of this.#places.values()) reader.dispose();
    this.#places.clear();
    this.#facts.clear();
  }

  #mergeFacts(places: readonly Place[], owners: ReadonlyMap<string, string>): RunFacts {
    const merged = mergeFacts(
      places.map(({ key, run }) => ({ source: run.source, log: key, facts: this.#facts.get(key) ?? {} })),
    );
    const taken = takenFacts.flatMap((fact) => (merged[fact] === undefined ? [] : [[fact, merged[fact]]]));
    return {
      ...(Object.fromEntries(taken) as RunFacts),
      ...(places.length === 0 ? {} : { sources: this.#sources(places, owners) }),
    };
  }

  #sources(places: readonly Place[], owners: ReadonlyMap<string, string>): readonly SourceOfRun[] {
    const tagsOf = (owner: string) => [...owners.values()].filter((each) => each === owner).length;
    return [
      { source: 'trainyard', path: this.#runFolder, why: "It is the run's own place.", tags: tagsOf('') },
      ...places.map(({ key, run: { source, path: place, key: within }, why }) => ({
        source,
        path: place,
        ...(within === undefined ? {} : { key: within }),
        why,
        tags: tagsOf(key),
      })),
    ];
  }

  async #findPlaces(links: readonly RunLink[]): Promise<void> {
    const inside = { exclude: ownFolders, isMeant: (folder: string) => folder !== this.#runFolder };
    await this.#findBelow(this.#runFolder, "It lies in the run's folder.", inside);
    for (const link of links) {
      const { path: folder, only, evidence } = link;
      if (only === undefined) await this.#findBelow(folder, evidence, { exclude: [], isMeant: () => true });
      else if (link.source !== undefined) this.#addPlace(link, only, link.source);
      else this.#addFile(folder, only, evidence);
    }
  }

  async #findBelow(
    root: string,
    why: string,
    { exclude, isMeant }: { readonly exclude: readonly string[]; readonly isMeant: (folder: string) => boolean },
  ): Promise<void> {
    const previous = this.#walks.get(root);
    const options = { exclude, maxDepth: nestedDepth, ...(previous === undefined ? {} : { previous }) };
    const found = await discover(root, this.#formats, options).catch(() => undefined);
    if (found === undefined) return;
    this.#walks.set(root, found.index);
    for (const run of found.runs) {
      const key = keyOf(run);
      if (this.#places.has(key) || !isMeant(run.path)) continue;
      const format = this.#formats.find(({ source }) => source === run.source)!;
      const prefix = path.relative(root, run.path).split(path.sep).join('/') || path.basename(root);
      const isFile = statSync(run.path, { throwIfNoEntry: false })?.isFile() === true;
      const place = isFile ? path.dirname(run.path) : run.path;
      this.#places.set(key, { key, run, why, folder: place, prefix, reader: format.open(run) });
    }
  }

  /** A run that is a file, or that lies in one. */
  #addPlace({ path: folder, key: within, evidence }: RunLink, only: string, source: RunSource): void {
    const run: FoundRun = {
      source,
      path: path.join(folder, only),
      ...(within === undefined ? {} : { key: within }),
      root: folder,
      name: only,
    };
    const key = keyOf(run);
    const format = this.#formats.find((each) => each.source === source);
    if (format === undefined || this.#places.has(key)) return;
    const isTaken = [...this.#places.values()].some(({ prefix }) => prefix === source);
    const prefix = isTaken ? `${source}/${within ?? only}` : source;
    this.#places.set(key, { key, run, why: evidence, folder, prefix, reader: format.open(run) });
  }

  /** One event file of a folder that several runs write to. */
  #addFile(folder: string, only: string, why: string): void {
    const key = `file:${path.join(folder, only)}`;
    if (this.#places.has(key)) return;
    for (const format of this.#formats) {
      const run = format.match({ path: folder, root: folder, files: [only], folders: [] })?.runs[0];
      if (run === undefined || format.openFile === undefined) continue;
      const reader = format.openFile(run, only);
      // The folder itself is a run of somebody else as well.
      const file = { ...run, path: path.join(folder, only) };
      this.#places.set(key, { key, run: file, why, folder, prefix: path.basename(folder), reader });
      return;
    }
  }
}

const nothing: LinkedPoll = {
  cursor: emptyLinkedCursor,
  reset: false,
  more: false,
  facts: {},
  scalars: [],
  media: [],
  problems: [],
};

function keyOf({ source, path: place, key }: FoundRun): string {
  return `${source}:${place}${key === undefined ? '' : `:${key}`}`;
}

/** Undefined where the place is gone for now. */
async function pollPlace(
  { reader }: Place,
  cursor: ReaderCursor | undefined,
  budget: PollBudget,
): Promise<PollResult | undefined> {
  try {
    return await reader.poll(cursor, budget);
  } catch {
    return undefined;
  }
}

/** The rows under the tag itself for the first place that has it; behind the place's folder for the others. */
function named<T extends { readonly tag: string }>(rows: T, { key, prefix }: Place, owners: Map<string, string>): T {
  const owner = owners.get(rows.tag);
  if (owner === undefined) owners.set(rows.tag, key);
  return owner === undefined || owner === key ? rows : { ...rows, tag: `${prefix}/${rows.tag}`, duplicate: true };
}

function based(record: MediaRecord, base: string): MediaRecord {
  return record.place.at === 'inline' || record.place.base !== undefined
    ? record
    : { ...record, place: { ...record.place, base } };
}

/** The cursor in a kept tree; undefined where it is of another make, which means: start anew. */
export function readLinkedCursor(tree: Json | undefined): LinkedCursor | undefined {
  // Kept by a version that knew no links.
  if (tree === undefined) return emptyLinkedCursor;
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree)) return undefined;
  const { places, owners } = tree as { places?: unknown; owners?: unknown };
  return isTree(places) && isTree(owners) ? (tree as unknown as LinkedCursor) : undefined;
}

function isTree(value: unknown): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
