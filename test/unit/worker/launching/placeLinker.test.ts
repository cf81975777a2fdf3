import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { ulid } from '../../../../src/base/ulid.ts';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { FoundRun } from '../../../../src/domain/records.ts';
import type { RunLink } from '../../../../src/domain/runDirectory.ts';
import type { Followed } from '../../../../src/worker/launching/linking/followed.ts';
import { PlaceLinker } from '../../../../src/worker/launching/linking/placeLinker.ts';
import { temporaryFolder } from '../../readers/support/events.ts';
import { catalog, pool, trackio } from './linkingLab.ts';

interface Lab {
  readonly folder: string;
  job(name: string, args?: readonly string[], more?: Partial<Followed>): Followed;
  look(...jobs: readonly Followed[]): Promise<void>;
  linksOf(job: Followed): readonly string[];
}

function lab(context: TestContext, options: { held?: boolean; hides?: (found: FoundRun) => boolean } = {}): Lab {
  const folder = temporaryFolder(context);
  const links = new Map<RunId, RunLink[]>();
  const linker = new PlaceLinker({
    pool,
    catalog,
    hides: options.hides ?? (() => false),
    excludedIn: () => [],
    isHeldByOthers: async () => options.held === true,
    linksOf: async ({ runId }) => links.get(runId) ?? [],
    add: async ({ runId }, link) => void links.set(runId, [...(links.get(runId) ?? []), link]),
  });
  const job: Lab['job'] = (name, args = [], more = {}) => {
    const directory = path.join(folder, 'runs', name);
    return {
      runId: ulid() as RunId,
      found: { source: 'trainyard', path: directory, root: folder, name },
      directory,
      folder,
      cwd: folder,
      args,
      startedAt: Date.now() - 60_000,
      knowsStart: true,
      noticedAt: more.endedAt,
      isLocal: true,
      isHydra: true,
      endedAt: undefined,
      isLookedOver: false,
      written: new Set(),
      lastOpen: new Set(),
      steady: new Set(),
      commands: [],
      ...more,
    };
  };
  return {
    folder,
    job,
    look: (...jobs) => linker.look(folder, jobs),
    linksOf: ({ runId }) =>
      (links.get(runId) ?? []).map(({ path: place, only, key }) =>
        [path.relative(folder, place), only, key].filter((part) => part !== undefined).join(':'),
      ),
  };
}

test('of a database each job gets the runs that began while it was at work and have its name, older ones are nobody’s', async (context) => {
  const { folder, job, look, linksOf } = lab(context);
  trackio(path.join(folder, 'trackio', 'lab.db'), {
    a: { age: 10 },
    b: { age: 9 },
    old: { age: 3600 },
    mine: { age: 8 },
  });
  const [a, b] = [job('a'), job('job-2', ['run_name=b'])];
  await look(a, b);
  await look(a, b);
  assert.deepEqual([linksOf(a), linksOf(b)], [['trackio:lab.db:a'], ['trackio:lab.db:b']]);
});

test('runs whose names the tracker drew go to the job with their settings; without any, to nobody', async (context) => {
  const { folder, job, look, linksOf } = lab(context);
  const config = (lr: number, batch: number) => ({ lr, batch_size: batch, seed: 1 });
  trackio(path.join(folder, 'trackio', 'lab.db'), {
    'dainty-sunset-0': { age: 10, config: config(0.1, 8) },
    'brave-river-1': { age: 9, config: config(0.2, 8) },
    'calm-lake-2': { age: 8 },
  });
  const jobs = [0.1, 0.2].map((lr) => job(`job-${lr}`, ['--lr', String(lr), '--batch-size=8']));
  await look(...jobs);
  assert.deepEqual(jobs.map(linksOf), [['trackio:lab.db:dainty-sunset-0'], ['trackio:lab.db:brave-river-1']]);
});

test('a job that alone has the database open gets what appears in it, unless somebody else has it open too', async (context) => {
  for (const held of [false, true]) {
    const { folder, job, look, linksOf } = lab(context, { held });
    const file = path.join(folder, 'trackio', 'lab.db');
    trackio(file, { 'dainty-sunset-0': { age: 10 } });
    const open = new Set([`${file}-wal`]);
    const [having, other] = [job('a', [], { written: open }), job('b')];
    await look(having, other);
    assert.deepEqual(linksOf(having), [], 'a program that opens it now and then is seen by chance');
    for (const each of open) having.steady.add(each);
    await look(having, other);
    assert.deepEqual([linksOf(having), linksOf(other)], [held ? [] : ['trackio:lab.db:dainty-sunset-0'], []]);
  }
});

test('time alone waits for better evidence, needs a single job, and counts for what began before its end only', async (context) => {
  const { folder, job, look, linksOf } = lab(context);
  trackio(path.join(folder, 'trackio', 'lab.db'), { 'dainty-sunset-0': { age: 3 } });
  const young = job('young', [], { startedAt: Date.now() - 4_000 });
  const over = job('over', [], { endedAt: Date.now() - 30_000 });
  const [one, two] = [job('one'), job('two')];
  for (const jobs of [[young], [over], [one, two]]) await look(...jobs);
  assert.deepEqual([young, over, one, two].map(linksOf), [[], [], [], []]);
  await look(one, over);
  assert.deepEqual(linksOf(one), ['trackio:lab.db:dainty-sunset-0']);
});

test('what begins a moment after the end is somebody else’s, but an end in whole seconds may have been later in its second', async (context) => {
  const { folder, job, look, linksOf } = lab(context);
  const began = Date.now() - 3_000;
  trackio(path.join(folder, 'trackio', 'lab.db'), { 'dainty-sunset-0': { age: (Date.now() - began) / 1000 } });
  const second = Math.floor((began - 10) / 1000) * 1000;
  const justOver = job('just-over', [], { endedAt: second + 1 });
  await look(justOver);
  assert.deepEqual(linksOf(justOver), []);
  const told = job('told', [], { endedAt: Math.floor((began + 10) / 1000) * 1000 });
  await look(told);
  assert.deepEqual(linksOf(told), ['trackio:lab.db:dainty-sunset-0']);
});

test('a table that the process writes is linked as a file, a folder of event files as a folder, and neither where somebody else had it before', async (context) => {
  const hidden = (found: FoundRun) => found.path.includes('hidden');
  const { folder, job, look, linksOf } = lab(context, { hides: hidden });
  const table = path.join(folder, 'results', 'metrics.csv');
  for (const place of [table, path.join(folder, 'hidden', 'metrics.csv')]) {
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, 'step,loss\n1,0.5\n2,0.4\n3,0.3\n');
  }
  mkdirSync(path.join(folder, 'logs', 'mine'), { recursive: true });
  appendFileSync(path.join(folder, 'logs', 'mine', 'events.out.tfevents.1.host'), '');
  const [writing, other] = [job('a', [], { written: new Set([table]) }), job('mine')];
  await look(writing, other);
  assert.deepEqual([linksOf(writing), linksOf(other)], [['results:metrics.csv'], ['logs/mine']]);
  const later = job('later', [], { startedAt: Date.now() + 60_000, written: new Set([table]) });
  utimesSync(table, new Date(), new Date(Date.now() + 90_000));
  await look(later);
  assert.deepEqual(linksOf(later), []);
});

test('an output folder of Hydra that is not the job’s by its overrides is left alone; a launcher may have added some', async (context) => {
  const { folder, job, look, linksOf } = lab(context);
  const output = path.join(folder, 'outputs', 'd', 't');
  mkdirSync(path.join(output, '.hydra'), { recursive: true });
  writeFileSync(path.join(output, '.hydra', 'overrides.yaml'), '- device=cpu\n- model=cnn\n');
  const [other, own] = [job('other', ['model=unet']), job('own', ['model=cnn'])];
  await look(other);
  assert.deepEqual(linksOf(other), []);
  await look(other, own);
  assert.deepEqual([linksOf(other), linksOf(own)], [[], ['outputs/d/t']]);
});
