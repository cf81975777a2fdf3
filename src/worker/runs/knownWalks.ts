import type { FoundRun } from '../../domain/records.ts';
import { discoverPlaces, type FolderIndex } from '../../readers/index.ts';
import type { ReaderCalls } from './readerMessages.ts';

/** What is kept of the last walk of each root with its settings. */
export type KnownWalks = Map<string, KnownWalk>;

interface KnownWalk {
  readonly index: FolderIndex;
  readonly runs: readonly FoundRun[];
  readonly version: number;
}

type Walk = Required<Omit<ReaderCalls['discover']['result'], 'milliseconds'>>;

/** Of a walk that left out thousands of folders nobody reads more. */
const keptSkips = 200;
let lastVersion = 0;

/** Walks a root. The version stays that of the last walk where the same was found, so that ten thousand runs need not be sent again. */
export async function walkAgain(
  walks: KnownWalks,
  { root, exclude, afresh }: ReaderCalls['discover']['params'],
): Promise<Walk> {
  const key = JSON.stringify([root, exclude]);
  const known = walks.get(key);
  const previous = afresh ? undefined : known?.index;
  const { runs, index, skipped } = await discoverPlaces(root, {
    exclude,
    ...(previous === undefined ? {} : { previous }),
  });
  const isSame = known !== undefined && areSame(known.runs, runs);
  const version = isSame ? known.version : ++lastVersion;
  walks.set(key, { index, runs, version });
  return { runs, version, skipped: skipped.slice(0, keptSkips), skippedCount: skipped.length };
}

function areSame(one: readonly FoundRun[], other: readonly FoundRun[]): boolean {
  return one.length === other.length && one.every((run, index) => isSame(run, other[index]!));
}

function isSame(one: FoundRun, other: FoundRun): boolean {
  if (one === other) return true;
  return one.path === other.path && one.source === other.source && one.key === other.key && one.name === other.name;
}
