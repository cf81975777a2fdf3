import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { connectToWorker } from '../../../src/client/index.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { RequestTable } from '../../../src/store/requestTable.ts';
import { RunTable } from '../../../src/store/runTable.ts';
import { SeriesTable } from '../../../src/store/seriesTable.ts';
import { newSketch } from '../../../src/store/sketch.ts';
import { makeRunDirectory } from '../../../src/worker/launching/runDirectory.ts';
import { LiveRun } from '../../../src/worker/runs/liveRun.ts';
import { SeriesCache } from '../../../src/worker/runs/seriesCache.ts';
import { buildWorker, WorkerHome } from './bundledWorker.ts';
import { endJob, TestWorker } from './testWorker.ts';

let host: TestWorker;
beforeEach(() => {
  host = new TestWorker();
});
afterEach(() => host.end());

let product: Awaited<ReturnType<typeof buildWorker>>;
before(async () => {
  product = await buildWorker(['worker', 'shim', 'readerThread', 'cli']);
});
after(() => product.remove());

function record(id: string, requestId: string, name: string) {
  return {
    format: 1,
    id: id as RunId,
    requestId,
    name,
    recipe: '',
    createdAt: 1,
    command: [process.execPath, '-e', 'process.exit(0)'],
    cwd: host.folder,
    env: {},
    device: 'cpu',
    overrides: [],
    dirty: false,
    labels: [],
  } as const;
}

test('a launch that was cut off after its directory is finished at the next start, one before it is forgotten', async () => {
  await host.start();
  host.stop();
  const opened = openDatabase(host.paths.database);
  assert.ok(opened.ok);
  const requests = new RequestTable(opened.value);
  const runs = path.join(host.folder, 'runs');
  const base = { root: host.folder, slot: 'cpu', held: false, queued: false };
  requests.save({ ...base, id: 'complete', runId: '01A' as RunId, directory: path.join(runs, 'a') });
  requests.save({ ...base, id: 'nothing', runId: '01B' as RunId, directory: path.join(runs, 'b') });
  requests.save({ ...base, id: 'elsewhere', runId: '01C' as RunId, directory: path.join(runs, 'c') });
  opened.value.dispose();
  assert.equal(makeRunDirectory(path.join(runs, 'a'), { record: record('01A', 'complete', 'a') }), true);
  // Somebody else made this folder; it must not be taken for ours.
  assert.equal(makeRunDirectory(path.join(runs, 'c'), { record: record('01X', 'another', 'c') }), true);
  mkdirSync(path.join(runs, '.b.01B.tmp'));
  await host.start();
  const client = await host.connect();
  await client.call('folder.open', { folder: host.folder, trusted: true });
  await host.until(client, '01A' as RunId, 'finished');
  assert.deepEqual(
    (await client.call('queue.list', {})).jobs.map(({ id }) => id),
    ['01A'],
  );
  assert.deepEqual(readdirSync(runs).sort(), ['a', 'c']);
});

test('a run directory is made with everything in it or not at all, and never over another one', () => {
  const directory = path.join(host.root, 'runs', 'x');
  assert.equal(makeRunDirectory(directory, { record: record('1', 'r', 'x'), configYaml: 'a: 1\n', patch: 'p' }), true);
  assert.deepEqual(readdirSync(directory).sort(), ['changes.patch', 'config.yaml', 'launch.json']);
  assert.equal(makeRunDirectory(directory, { record: record('2', 'r', 'x') }), false);
  assert.deepEqual(readdirSync(path.dirname(directory)), ['x']);
  writeFileSync(path.join(host.root, 'file'), '');
  assert.throws(() => makeRunDirectory(path.join(host.root, 'file', 'y'), { record: record('3', 'r', 'y') }), {
    message: /cannot be made/,
  });
});

test('series are let go when there are too many bytes of them, and come back whole', () => {
  const opened = openDatabase(path.join(host.root, 'cache.db'));
  assert.ok(opened.ok);
  const database = opened.value;
  const table = new SeriesTable(database);
  const row = {
    id: 'f1' as RunId,
    source: 'tensorboard',
    path: '/x',
    root: '/',
    name: 'x',
    foundAt: 0,
    facts: {},
    problems: [],
    glance: { metrics: [], sparkline: [] },
    cursor: undefined,
  } as const;
  new RunTable(database).save(row);
  const column = Float64Array.from({ length: 10_000 }, (_, index) => index);
  for (let tag = 0; tag < 8; tag++) {
    const info = {
      tag: `t${tag}`,
      kind: 'scalar',
      count: 10_000,
      firstStep: 0,
      lastStep: 9_999,
      nonFinite: 0,
      firstWallTime: 0,
      lastWallTime: 1,
    } as const;
    table.append(
      row.id,
      { info, sketch: newSketch() },
      { tag: `t${tag}`, steps: column, wallTimes: column, values: column },
    );
  }
  const cache = new SeriesCache(table, 1_000_000);
  const run = new LiveRun(row, table);
  const first = cache.get(run, 't0');
  for (let tag = 1; tag < 8; tag++) {
    assert.equal(cache.get(run, `t${tag}`).length, 10_000);
    cache.shrink();
    assert.ok(cache.byteLength <= 1_000_000);
  }
  assert.notEqual(cache.get(run, 't0'), first);
  assert.deepEqual(cache.get(run, 't0').points(0, 10_000).values, column);
  database.dispose();
});

test('the extension may delete its folder while the worker runs: launches go on from the copy', async () => {
  const home = new WorkerHome();
  const folder = path.join(home.root, 'workspace');
  mkdirSync(folder);
  const client = await connectToWorker({ client: 'cli', version: '0.1.0', workerFile: product.file, env: home.env });
  try {
    await client.call('folder.open', { folder, trusted: true });
    rmSync(product.folder, { recursive: true });
    const { run } = await client.call('launch.start', {
      requestId: 'r',
      folder,
      recipe: 'classifier',
      overrides: [`data=${folder}/nothing-here`],
      device: 'cpu',
    });
    try {
      let now = run;
      while (now.status !== 'failed') now = await client.call('runs.get', { runId: run.id });
      // The trainer itself ran: it says what is wrong with the data.
      assert.match(now.statusReason, /nothing-here/);
      assert.ok(existsSync(path.join(run.path, 'output.log')));
    } finally {
      endJob(run.path);
    }
  } finally {
    client.dispose();
    home.end([client.hello.pid]);
  }
});
