import path from 'node:path';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { MediaRecord, PollResult, ReaderCursor, RunFacts, ScalarBatch } from '../../domain/records.ts';
import type { RunLink } from '../../domain/runDirectory.ts';
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
  readonly facts: Pick<RunFacts, 'config' | 'restarts'>;
  readonly scalars: readonly ScalarBatch[];
  readonly media: readonly MediaRecord[];
  readonly problems: PollResult['problems'];
}

/** A folder below a link that a format reads. */
interface Place {
  readonly key: string;
  readonly folder: string;
  /** What stands before its tags where another place has them already. */
  readonly prefix: string;
  readonly reader: RunReader;
}

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
    const [scalars, media, problems, restarts]: [
      ScalarBatch[],
      MediaRecord[],
      PollResult['problems'][number][],
      NonNullable<RunFacts['restarts']>[number][],
    ] = [[], [], [], []];
    let config: JsonObject | undefined;
    let more = false;
    for (const place of [...this.#places.values()].sort((a, b) => (a.key < b.key ? -1 : 1))) {
      const answer = await pollPlace(place, places[place.key], budget);
      if (answer === undefined) continue;
      if (answer.reset && places[place.key] !== undefined) return { ...nothing, reset: true };
      places[place.key] = answer.cursor;
      const named = (tag: string) => ownName(tag, place, owners);
      scalars.push(...answer.scalars.map((batch) => ({ ...batch, tag: named(batch.tag) })));
      media.push(...answer.media.map((record) => based({ ...record, tag: named(record.tag) }, place.folder)));
      problems.push(...answer.problems.map((problem) => ({ ...problem, file: path.join(place.folder, problem.file) })));
      restarts.push(...(answer.facts.restarts ?? []));
      config ??= answer.facts.config;
      more ||= answer.more;
    }
    return {
      cursor: { places, owners: Object.fromEntries(owners) },
      reset: false,
      more,
      facts: { ...(config === undefined ? {} : { config }), ...(restarts.length === 0 ? {} : { restarts }) },
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
  }

  async #findPlaces(links: readonly RunLink[]): Promise<void> {
    await this.#findBelow(this.#runFolder, ownFolders, (folder) => folder !== this.#runFolder);
    for (const { path: folder, only } of links) {
      if (only === undefined) await this.#findBelow(folder, [], () => true);
      else this.#addFile(folder, only);
    }
  }

  async #findBelow(root: string, exclude: readonly string[], isMeant: (folder: string) => boolean): Promise<void> {
    const previous = this.#walks.get(root);
    const options = { exclude, maxDepth: nestedDepth, ...(previous === undefined ? {} : { previous }) };
    const found = await discover(root, this.#formats, options).catch(() => undefined);
    if (found === undefined) return;
    this.#walks.set(root, found.index);
    for (const run of found.runs) {
      const key = `${run.source}:${run.path}`;
      if (this.#places.has(key) || !isMeant(run.path)) continue;
      const format = this.#formats.find(({ source }) => source === run.source)!;
      const prefix = path.relative(root, run.path).split(path.sep).join('/') || path.basename(root);
      this.#places.set(key, { key, folder: run.path, prefix, reader: format.open(run) });
    }
  }

  #addFile(folder: string, only: string): void {
    const key = `file:${path.join(folder, only)}`;
    if (this.#places.has(key)) return;
    for (const format of this.#formats) {
      const run = format.match({ path: folder, root: folder, files: [only], folders: [] })?.runs[0];
      if (run === undefined || format.openFile === undefined) continue;
      this.#places.set(key, { key, folder, prefix: path.basename(folder), reader: format.openFile(run, only) });
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

/** The tag itself for the first place that has it; behind the place's folder for the others. */
function ownName(tag: string, { key, prefix }: Place, owners: Map<string, string>): string {
  const owner = owners.get(tag);
  if (owner === undefined) owners.set(tag, key);
  return owner === undefined || owner === key ? tag : `${prefix}/${tag}`;
}

function based(record: MediaRecord, base: string): MediaRecord {
  return record.place.at === 'inline' ? record : { ...record, place: { ...record.place, base } };
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
