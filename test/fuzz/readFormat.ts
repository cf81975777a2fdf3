import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FoundRun, MediaRecord, PollResult, ReaderCursor } from '../../src/domain/records.ts';
import type { FolderListing, RunFormat } from '../../src/readers/format.ts';
import type { FuzzInput } from './target.ts';

/** More runs than this of one spoiled folder are not opened: a database may name thousands. */
const mostRuns = 6;
const budget = { maxBytes: 32 * 1024 };

/**
 * Finds what a format sees below a folder, opens it as the worker does, and reads it to its end. Throws where an answer breaks the contract of readers.
 * Gives back how many runs were read, and how many facts, values and media they had.
 */
export async function readFormat(
  format: RunFormat,
  { folder, spoiled, bytes }: FuzzInput,
): Promise<{ readonly runs: number; readonly found: number }> {
  let runs = 0;
  let found = 0;
  for (const run of concerned(await findRuns(format, folder), path.join(folder, spoiled))) {
    const reader = format.open(run);
    try {
      found += await pollToEnd((cursor) => reader.poll(cursor, budget), run, bytes);
      runs++;
    } finally {
      reader.dispose();
    }
  }
  return { runs, found };
}

/** The runs that the spoiled file may belong to: those around it, or all where it belongs to none of them alone. */
function concerned(runs: readonly FoundRun[], file: string): readonly FoundRun[] {
  const around = runs.filter(({ path: place }) => file === place || file.startsWith(place + path.sep));
  return (around.length > 0 ? around : runs).slice(0, mostRuns);
}

async function findRuns(format: RunFormat, folder: string): Promise<readonly FoundRun[]> {
  const found: FoundRun[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const listing = listingOf(folder, next);
    const match = format.match(listing);
    found.push(...(match?.runs ?? []));
    for (const container of match?.containers ?? []) found.push(...((await format.list?.(container))?.runs ?? []));
    if (match?.descend ?? true) waiting.push(...listing.folders.map((name) => path.join(listing.path, name)));
  }
  return found;
}

function listingOf(root: string, folder: string): FolderListing {
  const entries = readdirSync(folder, { withFileTypes: true });
  const names = (isFolder: boolean): string[] =>
    entries
      .filter((entry) => entry.isDirectory() === isFolder)
      .map(({ name }) => name)
      .sort();
  return { path: folder, root, files: names(false), folders: names(true) };
}

async function pollToEnd(
  poll: (cursor: ReaderCursor | undefined) => Promise<PollResult>,
  run: FoundRun,
  bytes: number,
): Promise<number> {
  let found = 0;
  let cursor: ReaderCursor | undefined;
  const mostPolls = 200 + bytes / 16;
  for (let polls = 0; ; polls++) {
    assert.ok(polls < mostPolls, `After ${polls} polls of ${bytes} bytes there is still more.`);
    const polled = await poll(cursor);
    checkPoll(polled, run);
    found += polled.scalars.reduce((sum, { values }) => sum + values.length, polled.media.length);
    found += Object.keys(polled.facts).length;
    cursor = JSON.parse(JSON.stringify(polled.cursor)) as ReaderCursor;
    if (!polled.more) return found;
  }
}

function checkPoll({ scalars, media, problems, facts }: PollResult, run: FoundRun): void {
  for (const { tag, steps, wallTimes, values } of scalars) {
    assert.equal(typeof tag, 'string');
    for (const column of [steps, wallTimes, values]) assert.ok(column instanceof Float64Array);
    assert.ok(
      steps.length === values.length && wallTimes.length === values.length,
      `The columns of ${tag} differ in length.`,
    );
  }
  for (const record of media) checkPlace(record, run);
  for (const { message, offset } of problems) {
    assert.ok(message.length > 0 && message.length < 5000, 'A problem is no sentence.');
    assert.ok(
      offset === undefined || (Number.isFinite(offset) && offset >= 0),
      `Offset ${offset} of a problem is none.`,
    );
  }
  // Facts travel and are kept as JSON.
  JSON.stringify(facts);
}

/** What a record names lies within the run's folder, and within the file. */
function checkPlace({ place, tag }: MediaRecord, run: FoundRun): void {
  if (place.at === 'inline') return;
  const folder =
    statSync(run.path, { throwIfNoEntry: false })?.isDirectory() === false ? path.dirname(run.path) : run.path;
  const base = place.base ?? folder;
  const file = path.resolve(base, place.file);
  assert.ok(file.startsWith(base + path.sep), `${tag} names ${place.file}, outside its folder.`);
  if (place.at !== 'range') return;
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const { offset, length } = place;
  assert.ok(Number.isSafeInteger(offset) && Number.isSafeInteger(length), `${tag} lies at ${offset}, ${length} long.`);
  assert.ok(offset >= 0 && length >= 0 && offset + length <= size, `${tag} lies outside its file.`);
}
