// Hydra programs of one folder that start in the same second would share an output folder: the local target starts them apart.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { EntryPoint } from '../../../src/domain/entryPoint.ts';
import type { LaunchRecord } from '../../../src/domain/launch.ts';
import type { TurnClock } from '../../../src/launch/local/startTurns.ts';
import type { JobPlace } from '../../../src/launch/target.ts';
import { JobFolder, until } from './jobs.ts';

/** A clock that stands until the test moves it. */
class ToldClock implements TurnClock {
  #now = 1_000_000;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<unknown> {
    return new Promise<void>((resolve, reject) => {
      this.#sleepers.add({ at: this.#now + ms, wake: resolve });
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }

  move(ms: number): void {
    this.#now += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.at > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

let clock: ToldClock;
let folder: JobFolder;
beforeEach(() => {
  clock = new ToldClock();
  folder = new JobFolder(400, { clock });
});
afterEach(() => folder.end());

function job(id: string, takes: EntryPoint['takes'], cwd: string, words: readonly string[] = []): JobPlace {
  const entry: EntryPoint = {
    id: 'train.py',
    kind: takes === 'hydra' ? 'hydra' : 'script',
    title: 'train.py',
    reason: 'a test',
    command: [],
    cwd,
    env: {},
    takes,
    role: 'train',
  };
  const commandLaunch: LaunchRecord['commandLaunch'] = {
    request: { requestId: id, folder: cwd, arguments: words, target: { name: 'local' } },
    entry,
    target: { name: 'local', settings: { kind: 'local' } },
    snapshot: [],
  };
  return folder.job(id, '', [process.execPath, '-e', '', '--', ...words], { cwd, commandLaunch });
}

const hasStarted = ({ directory }: JobPlace) => existsSync(path.join(directory, 'claim.json'));
const ended = (place: JobPlace) => until(folder.target, place, 'ended');

test('programs of Hydra in one folder start one and a half seconds apart, in their order', async () => {
  const places = ['a', 'b', 'c'].map((id) => job(id, 'hydra', folder.path));
  const starts = places.map((place) => folder.target.start(place));
  await starts[0];
  await ended(places[0]!);
  assert.equal(clock.sleeping, 2);
  clock.move(1_499);
  assert.equal(clock.sleeping, 2);
  clock.move(1);
  await starts[1];
  await ended(places[1]!);
  assert.deepEqual(places.map(hasStarted), [true, true, false]);
  clock.move(1_500);
  await starts[2];
  await ended(places[2]!);
  assert.equal(clock.sleeping, 0);
});

test('nobody waits who shares no folder: another folder, a folder of its own, no Hydra, a start long ago', async () => {
  const own = (value: string) => [`hydra.run.dir=${value}`];
  const other = path.dirname(folder.path);
  const free = [
    job('first', 'hydra', folder.path),
    job('elsewhere', 'hydra', other),
    job('named', 'hydra', folder.path, own('outputs/mine')),
    job('sweep', 'hydra', folder.path, ['-m', '++hydra.sweep.dir=outputs/sweep']),
    job('script', 'arguments', folder.path),
  ];
  for (const place of free) await folder.target.start(place);
  for (const place of free) await ended(place);
  clock.move(5_000);
  const later = job('later', 'hydra', folder.path);
  await folder.target.start(later);
  await ended(later);
  const timed = job('timed', 'hydra', folder.path, own(`logs/\${now:%H-%M-%S}`));
  void folder.target.start(timed);
  assert.equal(clock.sleeping, 1);
});

test('who waits and is asked for again is started once; a stop while it waits ends it before its program runs', async () => {
  const [first, second] = [job('a', 'hydra', folder.path), job('b', 'hydra', folder.path)];
  await folder.target.start(first);
  const start = folder.target.start(second);
  await folder.target.start(second);
  assert.deepEqual([clock.sleeping, hasStarted(second)], [1, false]);
  folder.target.stop(second, { force: false });
  clock.move(1_500);
  await start;
  const end = await ended(second);
  assert.equal(end.kind === 'ended' && end.exitCode, 130);
  await ended(first);
});

test('a worker that ends leaves who waits unclaimed, for the next one', async () => {
  const [first, second] = [job('a', 'hydra', folder.path), job('b', 'hydra', folder.path)];
  await folder.target.start(first);
  const start = folder.target.start(second);
  folder.target.dispose();
  await start;
  assert.equal(folder.target.inspect(second).kind, 'unclaimed');
  await ended(first);
});
