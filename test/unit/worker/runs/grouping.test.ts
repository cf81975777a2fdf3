import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
import { placeKey } from '../../../../src/domain/records.ts';
import type { RunSummary } from '../../../../src/domain/run.ts';
import { scalarV1, version } from '../../readers/support/events.ts';
import { eventually, TestWorker } from '../testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;
beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await host.connect();
});
afterEach(() => host.end());

const points = (count: number, from = 0, scale = 1) =>
  Array.from({ length: count }, (_, step) => scalarV1(1_700_000_000 + from + step, step, 'loss', scale / (step + 3)));

function events(folder: string, rows: readonly Buffer[]): void {
  host.write(`${folder}/events.out.tfevents.1700000000.host`, Buffer.concat([version(), ...rows]));
}

function hydra(folder: string): void {
  host.write(`${folder}/.hydra/config.yaml`, 'lr: 0.5\n');
  host.write(`${folder}/.hydra/overrides.yaml`, '- lr=0.5\n');
  host.write(`${folder}/.hydra/hydra.yaml`, 'hydra:\n  job:\n    name: train\n');
}

async function open(): Promise<readonly RunSummary[]> {
  return (await client.call('folder.open', { folder: host.folder, trusted: true })).runs;
}

const list = async () => (await client.call('runs.list', { folder: host.folder })).runs;
test('a run that two tools logged is one run with both sources, and its series are those of the logger', async () => {
  hydra('out/1');
  events('out/1/tb', points(20));
  const runs = await open();
  assert.deepEqual(
    runs.map(({ source, alsoLoggedTo }) => [source, alsoLoggedTo]),
    [['hydra', ['tensorboard']]],
  );
  const detail = await client.call('runs.get', { runId: runs[0]!.id });
  assert.deepEqual(
    detail.series.map(({ tag, count }) => [tag, count]),
    [['loss', 20]],
  );
  assert.deepEqual(
    detail.sources?.map(({ path: place, tags }) => [path.relative(host.folder, place), tags]),
    [
      ['out/1', 0],
      ['out/1/tb', 1],
    ],
  );
  assert.equal(detail.config['lr'], 0.5);
  const read = await client.call('series.points', { runId: runs[0]!.id, tag: 'loss', from: 0, count: 2 });
  assert.deepEqual([read.total, [...read.values]], [20, [Math.fround(1 / 3), 0.25]]);
});

test('a logger that comes later joins the run, which keeps its id, its labels and its open chart', async () => {
  events('out/1/tb', points(20));
  const [before] = await open();
  await client.call('runs.update', { runId: before!.id, labels: ['mine'] });
  hydra('out/1');
  await client.call('folder.refresh', { folder: host.folder });
  await eventually(async () => (await list())[0]?.alsoLoggedTo?.includes('hydra') === true);
  const [run, ...others] = await list();
  assert.deepEqual([others.length, run?.id, run?.labels, run?.source], [0, before?.id, ['mine'], 'tensorboard']);
  await eventually(async () => (await client.call('runs.get', { runId: run!.id })).series[0]?.count === 20);
});

test('a run that is split stays split, also for the next worker, and what is merged again is one run again', async () => {
  hydra('out/1');
  events('out/1/tb', points(20));
  const [whole] = await open();
  const part = placeKey({ source: 'tensorboard', path: path.join(host.folder, 'out/1/tb') });
  const { runs } = await client.call('runs.split', { runId: whole!.id, part });
  assert.deepEqual(runs.map(({ source, alsoLoggedTo }) => [source, alsoLoggedTo]).sort(), [
    ['hydra', undefined],
    ['tensorboard', undefined],
  ]);
  await assert.rejects(client.call('runs.split', { runId: whole!.id }), { code: 'conflict' });
  await client.call('folder.refresh', { folder: host.folder });
  assert.equal((await list()).length, 2);
  host.stop();
  await host.start();
  client = await host.connect();
  const again = await open();
  assert.equal(again.length, 2);
  const tensorboard = again.find(({ source }) => source === 'tensorboard')!;
  const merged = await client.call('runs.merge', { runIds: [tensorboard.id, whole!.id] });
  assert.deepEqual([merged.id, merged.alsoLoggedTo], [tensorboard.id, ['hydra']]);
  assert.equal((await list()).length, 1);
  const detail = await client.call('runs.get', { runId: merged.id });
  assert.deepEqual(detail.sources?.map(({ why }) => why).at(-1), 'You said that it is the same run.');
  assert.deepEqual(
    detail.series.map(({ tag, count }) => [tag, count]),
    [['loss', 20]],
  );
});

const findJoined = async () => (await list()).find(({ alsoLoggedTo }) => alsoLoggedTo !== undefined);
const csv = (count: number, scale = 1) =>
  `epoch,loss,step\n${Array.from({ length: count }, (_, step) => `0,${scale / (step + 3)},${step}\n`).join('')}`;

test('two logs with the same values are one run, by evidence that is kept; other values and a run between two fits are not', async () => {
  events('logs/a', points(20));
  host.write('csv/version_1/metrics.csv', csv(20));
  events('logs/b', points(20, 0, 2));
  host.write('csv/version_2/metrics.csv', csv(20, 3));
  // Two event logs fit this one, so nobody can tell which it belongs to.
  events('logs/c', points(20, 0, 4));
  events('logs/d', points(20, 0, 4));
  host.write('csv/version_4/metrics.csv', csv(20, 4));
  assert.equal((await open()).length, 7);
  await eventually(async () => (await findJoined()) !== undefined);
  const joined = await findJoined();
  assert.equal((await list()).length, 6);
  const detail = await client.call('runs.get', { runId: joined!.id });
  assert.deepEqual(detail.sources?.map(({ path: place }) => path.relative(host.folder, place)).sort(), [
    'csv/version_1',
    'logs/a',
  ]);
  assert.match(detail.sources!.at(-1)!.why, /same values of loss/);
  // The better log has the bare name, the other one is still there.
  await eventually(async () => {
    const { series } = await client.call('runs.get', { runId: joined!.id });
    return series.some(({ tag, duplicate }) => tag === 'tensorboard/loss' && duplicate === true);
  });
  const { values } = await client.call('series.points', { runId: joined!.id, tag: 'loss', from: 0, count: 1 });
  assert.deepEqual([...values], [1 / 3]);
  // The user knows better, for ever.
  await client.call('runs.split', { runId: joined!.id });
  host.stop();
  await host.start();
  client = await host.connect();
  assert.equal((await open()).length, 7);
});

test('a run that names the folder of a log in its record is one run with it', async () => {
  events('runs/a_20231114_221320', points(20));
  events('runs/b_20231114_221320', points(20, 0, 2));
  const experiment = { status: 'completed', exit_code: 0, started_at: '2023-11-14T22:13:20' };
  host.write('runs/experiment_registry.json', JSON.stringify({ meta: {}, experiments: { a: experiment } }));
  await open();
  await eventually(async () => (await findJoined()) !== undefined);
  const joined = (await findJoined())!;
  assert.equal((await list()).length, 2);
  assert.equal(joined.status, 'finished', 'the registry knows how it ended');
  const detail = await client.call('runs.get', { runId: joined.id });
  assert.deepEqual(
    detail.sources?.map(({ path: place }) => path.relative(host.folder, place)),
    ['runs/a_20231114_221320', 'runs/experiment_registry.json'],
  );
});

test('a database of labels survives that a run and its parts are gone', async () => {
  hydra('out/1');
  events('out/1/tb', points(5));
  const [run] = await open();
  assert.ok(run !== undefined);
  rmSync(path.join(host.folder, 'out/1/tb'), { recursive: true });
  await client.call('folder.refresh', { folder: host.folder });
  await eventually(async () => (await list())[0]?.alsoLoggedTo === undefined);
  await eventually(async () => (await client.call('runs.get', { runId: run.id })).series.length === 0);
  rmSync(path.join(host.folder, 'out'), { recursive: true });
  await client.call('folder.refresh', { folder: host.folder });
  await eventually(async () => (await list()).length === 0);
});

test('logs of one training in two folders that are open are one run, in the folder of its lead', async () => {
  const elsewhere = path.join(host.root, 'elsewhere');
  const file = path.join(elsewhere, 'log/events.out.tfevents.1700000000.host');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, Buffer.concat([version(), ...points(20)]));
  host.write('csv/version_1/metrics.csv', csv(20));
  await open();
  await client.call('folder.open', { folder: elsewhere, trusted: true });
  await eventually(async () => (await findJoined()) !== undefined);
  const joined = await findJoined();
  assert.deepEqual([joined?.source, joined?.root, (await list()).length], ['lightning', host.folder, 1]);
  assert.deepEqual((await client.call('runs.list', { folder: elsewhere })).runs, []);
  // The next worker knows it at once, whichever folder is walked first.
  host.stop();
  await host.start();
  client = await host.connect();
  assert.deepEqual(
    (await open()).map(({ alsoLoggedTo }) => alsoLoggedTo),
    [['tensorboard']],
  );
  await client.call('folder.open', { folder: elsewhere, trusted: true });
  assert.equal((await client.call('runs.list', {})).runs.length, 1);
});
