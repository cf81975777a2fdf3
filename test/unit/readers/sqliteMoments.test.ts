import assert from 'node:assert/strict';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { SqliteFault, Unstable } from '../../../src/readers/sqlite/fault.ts';
import { SqliteFile } from '../../../src/readers/sqlite/file.ts';
import { Snapshot } from '../../../src/readers/sqlite/snapshot.ts';
import { WalIndex } from '../../../src/readers/sqlite/wal.ts';
import { type BetweenReads, betweenReads, touch } from './support/betweenReads.ts';
import { temporaryFolder } from './support/events.ts';
import { type Deed, TallyDatabase, tallyOf } from './support/tallyDatabase.ts';

const hourMs = 3_600_000;

/** How the files stand when somebody begins to look, and what then happens while he does. */
interface Scenes {
  readonly starts: readonly (readonly Deed[])[];
  readonly journeys: readonly (readonly Deed[])[];
}

const logged: Scenes = {
  starts: [
    // Nothing in the log; commits that are not copied, with the first page among them; all of them copied; a log that was begun anew; and what is half done.
    ['truncate'],
    ['truncate', 'mark', 'commits'],
    ['truncate', 'commits', 'mark', 'passive'],
    ['truncate', 'commits', 'restart'],
    ['truncate', 'commits', 'passive', 'spill'],
    ['truncate', 'commits', 'spill', 'rollback'],
    ['truncate', 'commits', 'begin copying', 'copy a page'],
  ],
  journeys: [
    ['commit'],
    ['commits', 'passive'],
    ['commits', 'truncate'],
    ['commits', 'restart'],
    ['commits', 'restart', 'truncate'],
    ['restart', 'commits', 'restart', 'commits'],
    ['spill', 'rollback', 'commit'],
    ['spill', 'end', 'passive'],
    ['end', 'truncate', 'commits'],
    ['commits', 'begin copying', 'copy a page', 'copy a page', 'end copying'],
    ['end copying', 'restart', 'begin copying', 'copy a page'],
  ],
};

const journaled: Scenes = {
  starts: [['commits'], ['spill'], ['spill', 'rollback']],
  journeys: [
    ['commit'],
    ['commits', 'mark', 'commit'],
    ['spill', 'rollback', 'commit'],
    ['spill', 'end'],
    ['end', 'spill', 'rollback'],
  ],
};

/** What one look came to. */
type Outcome = 'seen' | 'not yet' | 'wrong';

interface Trial {
  readonly database: TallyDatabase;
  readonly wal: WalIndex;
  /** Everything happens within one tick of the clock, so that the database's time of change stays the same; then the reader is held up. */
  readonly isOneTick: boolean;
  /** What happens before a look, by its number. */
  readonly plan: ReadonlyMap<number, readonly Deed[]>;
}

/** Reads a database once while others are busy with it. */
function tryOnce(
  between: BetweenReads,
  trial: Trial,
): { readonly outcome: Outcome; readonly looks: number; readonly why: string } {
  const { database, wal, isOneTick, plan } = trial;
  const now = Date.now;
  const start = now() - (isOneTick ? 0 : hourMs);
  const before = database.committed;
  let looks = 0;
  let left = plan.size;
  let snapshot: Snapshot | undefined;
  touch(database.file, start);
  if (isOneTick) Date.now = () => (left > 0 ? start : start + hourMs);
  between.happening = () => {
    const deeds = plan.get(looks++);
    if (deeds === undefined) return;
    for (const deed of deeds) database.do(deed);
    left--;
    if (isOneTick) touch(database.file, start);
  };
  try {
    snapshot = new Snapshot(database.file, wal, () => false);
    const seen = tallyOf(snapshot);
    snapshot.check();
    const isState = seen.tally === seen.sum && seen.sum >= before && seen.sum <= database.committed;
    return {
      outcome: isState ? 'seen' : 'wrong',
      looks,
      why: JSON.stringify({ ...seen, before, now: database.committed }),
    };
  } catch (error) {
    if (error instanceof Unstable) return { outcome: 'not yet', looks, why: error.message };
    if (error instanceof SqliteFault) return { outcome: 'wrong', looks, why: error.message };
    throw error;
  } finally {
    between.happening = undefined;
    Date.now = now;
    snapshot?.dispose();
  }
}

/** The deeds of a journey, at equal distances from a first look on. */
function planOf(journey: readonly Deed[], first: number, distance: number): Map<number, Deed[]> {
  const plan = new Map<number, Deed[]>();
  journey.forEach((deed, index) => {
    const at = first + index * distance;
    plan.set(at, [...(plan.get(at) ?? []), deed]);
  });
  return plan;
}

/** Goes through all scenes, with the first deed before every other look in turn; the distance to the next ones takes every small value in turn. */
function explore(context: TestContext, journal: string, isOneTick: boolean): void {
  const between = betweenReads(context);
  using database = new TallyDatabase(path.join(temporaryFolder(context), 'tally.db'), journal);
  const known = new WalIndex();
  const counts = { seen: 0, 'not yet': 0, wrong: 0 };
  const wrong: string[] = [];
  let trials = 0;
  const { starts, journeys } = journal === 'WAL' ? logged : journaled;
  for (const start of starts)
    for (const journey of journeys)
      for (let first = trials % 2, looks = 2; first < looks; first += 2) {
        database.settle();
        for (const deed of start) database.do(deed);
        const plan = planOf(journey, first, trials++ % 7);
        const wal = trials % 2 === 0 ? known : new WalIndex();
        const result = tryOnce(between, { database, wal, isOneTick, plan });
        looks = Math.max(looks, result.looks);
        counts[result.outcome]++;
        if (result.outcome === 'wrong') wrong.push(`${start}, then ${journey} at ${[...plan.keys()]}: ${result.why}`);
      }
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${trials} moments were seen wrongly`);
  assert.ok(counts.seen > trials / 20 && counts['not yet'] > trials / 20, JSON.stringify(counts));
}

for (const journal of ['WAL', 'DELETE', 'PERSIST', 'TRUNCATE'])
  for (const isOneTick of [false, true]) {
    const clock = isOneTick ? 'within one tick of the clock' : 'with a fine clock';
    test(`whatever happens between two looks, a state is whole or not given: ${journal}, ${clock}`, (context) =>
      explore(context, journal, isOneTick));
  }

/** Reads while something happens before every look; `happen` gets the numbers of the attempt and of the look within it, from 0. */
async function readDisturbed(
  between: BetweenReads,
  { file }: TallyDatabase,
  happen: (attempt: number, look: number) => void,
): Promise<Awaited<ReturnType<typeof readTally>>> {
  let [attempt, look] = [-1, 0];
  between.happening = (call, at) => {
    if (call === 'openSync' && at === file) [attempt, look] = [attempt + 1, 0];
    happen(attempt, look++);
  };
  try {
    return await readTally(file);
  } finally {
    between.happening = undefined;
  }
}

const readTally = (file: string) => new SqliteFile(file).read(tallyOf);

test('a sound database is never called unreadable, though its log is begun anew in the middle of every attempt', async (context) => {
  const between = betweenReads(context);
  using database = new TallyDatabase(path.join(temporaryFolder(context), 'tally.db'), 'WAL');
  // The first page, with the database's header, stands at another place in the log each time.
  const logs: readonly (readonly Deed[])[] = [
    ['truncate', 'mark', 'commits'],
    ['truncate', 'commits', 'mark'],
  ];
  const reasons: string[] = [];
  for (let moment = 0; moment < 16; moment++) {
    for (const deed of logs[1]!) database.do(deed);
    const answer = await readDisturbed(between, database, (attempt, look) => {
      if (look === moment) for (const deed of logs[attempt % 2]!) database.do(deed);
    });
    if (answer.ok) assert.equal(answer.value.value.tally, answer.value.value.sum);
    else reasons.push(answer.reason);
  }
  assert.ok(reasons.length > 0);
  assert.deepEqual(new Set(reasons), new Set(['not-yet']));
});

test('a writer that commits without end is read, since what it adds to its log changes nothing before', async (context) => {
  const between = betweenReads(context);
  using database = new TallyDatabase(path.join(temporaryFolder(context), 'tally.db'), 'WAL');
  for (const deed of ['truncate', 'commits', 'passive'] as const) database.do(deed);
  const before = database.committed;
  const answer = await readDisturbed(between, database, () => database.do('commit'));
  assert.ok(answer.ok, answer.ok ? '' : answer.message);
  const { tally, sum } = answer.value.value;
  assert.equal(tally, sum);
  assert.ok(sum > before && sum < database.committed);
});
