import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import type { RunSummary } from '../../../src/domain/run.ts';
import { scalarV1, version } from '../readers/support/events.ts';
import { eventually, TestWorker } from './testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await host.connect();
});
afterEach(() => host.end());

const eventFile = 'logs/a/events.out.tfevents.1700000000.host';
const point = (step: number, value: number, tag = 'loss') => scalarV1(1_700_000_000 + step, step, tag, value);

function writeRun(count: number): string {
  const points = Array.from({ length: count }, (_, step) => point(step, 1 / (step + 1)));
  return host.write(eventFile, Buffer.concat([version(), ...points]));
}

async function open(): Promise<readonly RunSummary[]> {
  return (await client.call('folder.open', { folder: host.folder, trusted: true })).runs;
}

const total = async (runId: RunId, tag = 'loss') =>
  (await client.call('series.points', { runId, tag, from: 0, count: 0 })).total;

test('a TensorBoard run is found, read and answered exactly', async () => {
  writeRun(1000);
  const [run] = await open();
  assert.deepEqual([run?.source, run?.path, run?.root], ['tensorboard', path.join(host.folder, 'logs/a'), host.folder]);
  assert.deepEqual(
    run?.metrics.map(({ tag, step }) => [tag, step]),
    [['loss', 999]],
  );
  assert.ok(run.sparkline.length >= 12 && run.sparkline.length <= 24);
  const tile = await client.call('series.query', {
    series: [{ runId: run.id, tag: 'loss' }],
    x: 'step',
    buckets: 10,
    smoothing: 0.6,
  });
  assert.equal(tile.stride, 9);
  assert.deepEqual(
    [tile.series[0]?.buckets, tile.series[0]?.total, tile.series[0]?.inWindow, tile.series[0]?.xMax],
    [10, 1000, 1000, 999],
  );
  assert.equal(tile.data[2], 1);
  assert.equal(tile.data[4], 1);
  const relative = await client.call('series.query', {
    series: [{ runId: run.id, tag: 'loss' }],
    x: 'relative',
    x0: 0,
    x1: 9,
    buckets: 100,
    smoothing: 0,
  });
  assert.deepEqual(
    [relative.stride, relative.series[0]?.inWindow, relative.series[0]?.firstWallTime, relative.data[0]],
    [6, 10, 1_700_000_000, 0],
  );
  const points = await client.call('series.points', { runId: run.id, tag: 'loss', from: 2, count: 2 });
  assert.deepEqual([points.total, [...points.steps], [...points.values]], [1000, [2, 3], [Math.fround(1 / 3), 0.25]]);
  const detail = await client.call('runs.get', { runId: run.id });
  assert.deepEqual(
    detail.series.map(({ tag, kind, count, min, max }) => [tag, kind, count, min, max]),
    [['loss', 'scalar', 1000, Math.fround(1 / 1000), 1]],
  );
});

test('points that are written are told and can be asked for, also across workers, none twice and none missing', async () => {
  const file = writeRun(10);
  const [run] = await open();
  assert.ok(run !== undefined);
  let told = 0;
  client.on('series.appended', ({ runId, tags }) => {
    if (runId === run.id && tags.includes('loss')) told++;
  });
  appendFileSync(file, point(10, 5));
  await eventually(async () => (await total(run.id)) === 11);
  await eventually(() => told > 0);
  appendFileSync(file, Buffer.concat([point(11, 6), point(12, 7).subarray(0, 9)]));
  await eventually(async () => (await total(run.id)) === 12);
  host.stop();
  appendFileSync(file, Buffer.concat([point(12, 7).subarray(9), point(13, Number.NaN)]));
  await host.start();
  client = await host.connect();
  const [again] = await open();
  assert.equal(again?.id, run.id);
  await eventually(async () => (await total(run.id)) === 14);
  const { values } = await client.call('series.points', { runId: run.id, tag: 'loss', from: 9, count: 9 });
  assert.deepEqual([...values], [Math.fround(0.1), 5, 6, 7, Number.NaN]);
});

test('a worker that dies without writing reads what it had not kept again', async () => {
  writeRun(3000);
  const [run] = await open();
  assert.ok(run !== undefined);
  // What the database holds now is what a killed worker would have left.
  host.worker.catalog.flush = () => true;
  appendFileSync(path.join(host.folder, eventFile), point(3000, 1));
  await eventually(async () => (await total(run.id)) === 3001);
  host.stop();
  await host.start();
  client = await host.connect();
  await open();
  await eventually(async () => (await total(run.id)) === 3001);
});

test('a run that is written anew starts again, and is told to', async () => {
  const file = writeRun(50);
  const [run] = await open();
  assert.ok(run !== undefined);
  const reset = new Promise<RunId>((resolve) => client.on('series.reset', ({ runId }) => resolve(runId)));
  rmSync(file);
  writeFileSync(
    path.join(path.dirname(file), 'events.out.tfevents.1700009999.host'),
    Buffer.concat([version(), point(0, 9)]),
  );
  await client.call('folder.refresh', { folder: host.folder });
  assert.equal(await reset, run.id);
  await eventually(async () => (await total(run.id)) === 1);
});

test('a folder that goes takes its run off the list; what the person said of it comes back with it', async () => {
  writeRun(5);
  const [run] = await open();
  assert.ok(run !== undefined);
  await client.call('runs.update', { runId: run.id, labels: ['keep'], archived: true });
  const gone = new Promise<readonly RunId[]>((resolve) =>
    client.on('runs.changed', ({ removed }) => removed.length > 0 && resolve(removed)),
  );
  rmSync(path.join(host.folder, 'logs'), { recursive: true });
  await client.call('folder.refresh', { folder: host.folder });
  assert.deepEqual(await gone, [run.id]);
  assert.deepEqual((await client.call('runs.list', {})).runs, []);
  const back = new Promise<RunSummary>((resolve) =>
    client.on('runs.changed', ({ runs }) => runs[0] !== undefined && resolve(runs[0])),
  );
  writeRun(5);
  await client.call('folder.refresh', { folder: host.folder });
  const again = await back;
  assert.deepEqual([again.id, again.labels, again.archived], [run.id, ['keep'], true]);
  assert.deepEqual((await client.call('runs.list', {})).runs, []);
  assert.equal((await client.call('runs.list', { includeArchived: true })).runs.length, 1);
});

test('a bad checksum in the middle is a problem of the run, not its end', async () => {
  const file = host.write(eventFile, Buffer.concat([version(), point(0, 1), point(1, 2), point(2, 3)]));
  const bytes = readFileSync(file);
  const at = bytes.length - point(2, 3).length - 6;
  bytes[at] = bytes[at]! ^ 0xff;
  writeFileSync(file, bytes);
  const [run] = await open();
  const detail = await client.call('runs.get', { runId: run!.id });
  assert.match(detail.problems.join('\n'), /checksum|CRC|damaged/i);
  const { steps } = await client.call('series.points', { runId: run!.id, tag: 'loss', from: 0, count: 9 });
  assert.deepEqual([...steps], [0, 2]);
});

test('a folder that is not there, a run that is not there and wrong arguments are said clearly', async () => {
  await assert.rejects(client.call('folder.open', { folder: '/no/such/folder', trusted: true }), { code: 'not-found' });
  await assert.rejects(client.call('folder.open', { folder: 'relative', trusted: true }), { code: 'bad-argument' });
  await assert.rejects(client.call('runs.get', { runId: 'nope' as RunId }), { code: 'not-found' });
  writeRun(2);
  const [run] = await open();
  const series = [{ runId: run!.id, tag: 'loss' }];
  await assert.rejects(client.call('series.query', { series, x: 'step', buckets: 0, smoothing: 0 }), {
    code: 'bad-argument',
  });
  await assert.rejects(client.call('series.query', { series, x: 'step', buckets: 5, smoothing: 1 }), {
    code: 'bad-argument',
  });
  const unknown = await client.call('series.query', {
    series: [{ runId: run!.id, tag: 'no such tag' }],
    x: 'step',
    buckets: 5,
    smoothing: 0,
  });
  assert.deepEqual([unknown.series[0]?.total, unknown.series[0]?.buckets, unknown.series[0]?.xMin], [0, 0, Number.NaN]);
  await assert.rejects(client.call('media.read', { runId: run!.id, tag: 'x', step: 0, index: 0 }), {
    code: 'not-found',
  });
});

test('growing output and new checkpoints of a run are told', async () => {
  await open();
  let size = 0;
  let checkpoints = 0;
  client.on('log.appended', (event) => {
    size = event.size;
  });
  client.on('checkpoints.changed', () => checkpoints++);
  const script =
    "setTimeout(() => { console.log('hello'); require('fs').mkdirSync(process.env.TRAINYARD_RUN_DIR + '/checkpoints') }, 300); setTimeout(() => console.log('bye'), 600)";
  const runId = await host.launchScript('talker', script);
  await host.until(client, runId, 'finished');
  await eventually(() => size === 'hello\nbye\n'.length && checkpoints > 0);
});

test('output is read in pieces that never cut a character', async () => {
  const words = 'größer 素敵 🚂 plain\n'.repeat(50);
  const runId = await host.launchScript('talker', `process.stdout.write(${JSON.stringify(words)})`);
  await open();
  await host.until(client, runId, 'finished');
  let text = '';
  let from = 0;
  for (let maxBytes = 4; ; maxBytes = 4 + (maxBytes % 7)) {
    const piece = await client.call('log.read', { runId, from, maxBytes });
    assert.ok(!piece.text.includes('\uFFFD'));
    text += piece.text;
    if (piece.next === piece.size) break;
    from = piece.next;
  }
  assert.equal(text, words);
  const tail = await client.call('log.read', { runId, from: -10, maxBytes: 100 });
  assert.ok(words.endsWith(tail.text) && tail.text.length >= 6);
  assert.equal(tail.next, tail.size);
});

test('checkpoints are listed with the best one by the primary metric, archives by architecture too', async () => {
  const run = 'runs/t';
  host.write(
    `${run}/run.json`,
    JSON.stringify({
      format: 1,
      id: '01RUN',
      name: 't',
      recipe: 'classifier',
      architecture: 'mlp',
      totalSteps: 3,
      createdAt: 1,
      startedAt: 1,
      metrics: [
        { tag: 'loss', title: 'Loss', unit: '', direction: 'minimize', version: 1, description: '', primary: true },
      ],
      device: { requested: 'cpu', used: 'cpu', refused: [] },
      versions: {},
      dataSets: [],
    }),
  );
  host.write(`${run}/outcome.json`, JSON.stringify({ status: 'finished', step: 3, endedAt: 2 }));
  host.write(`${run}/events.out.tfevents.1.h`, Buffer.concat([version(), point(1, 3), point(2, 1), point(3, 2)]));
  for (const name of ['step_00000001', 'step_00000002', 'step_00000003', 'last'])
    host.write(`${run}/checkpoints/${name}.safetensors`, new Uint8Array(8));
  host.write('outputs/ckpts/unet/last.pt', new Uint8Array(3));
  const [found] = await open();
  assert.deepEqual([found?.id, found?.status, found?.architecture], ['01RUN', 'finished', 'mlp']);
  const { checkpoints } = await client.call('checkpoints.list', { folder: host.folder });
  assert.deepEqual(
    checkpoints.map(({ fileName, architecture, best }) => [fileName, architecture, best?.value]).sort(),
    [
      ['last.pt', 'unet', undefined],
      ['last.safetensors', 'mlp', undefined],
      ['step_00000001.safetensors', 'mlp', undefined],
      ['step_00000002.safetensors', 'mlp', 1],
      ['step_00000003.safetensors', 'mlp', undefined],
    ],
  );
});

test('a conclusion goes into the experiment log, whose other bytes and permissions stay', async () => {
  const before = '# Experiment Log\r\n\r\n## Phase 1\r\n\r\n### 1.1: before\r\n**Status:** COMPLETED\r\n';
  const log = host.write('EXPERIMENT_LOG.md', before);
  const runId = await host.launchScript('worth-it', 'process.exit(0)');
  await open();
  await host.until(client, runId, 'finished');
  const changed = new Promise<string>((resolve) => client.on('experimentLog.changed', ({ folder }) => resolve(folder)));
  const mode = statSync(log).mode;
  const { file, line } = await client.call('experimentLog.conclude', {
    runId,
    title: 'It works',
    conclusion: 'Better than before.',
  });
  assert.deepEqual([file, statSync(file).mode], [log, mode]);
  const text = readFileSync(log, 'utf8');
  assert.ok(text.startsWith(before));
  assert.match(text.split('\n')[line]!, /### It works/);
  const { entries } = await client.call('experimentLog.list', { folder: host.folder });
  assert.deepEqual(
    entries.map(({ phase, title, status, conclusion }) => [phase.trim(), title, status, conclusion]).at(-1),
    ['Phase 1', 'It works', 'COMPLETED', 'Better than before.'],
  );
  assert.equal(await changed, host.folder);
});

test('excluded folders are left out, and come in when the settings change', async () => {
  writeRun(2);
  const first = await client.call('folder.open', {
    folder: host.folder,
    trusted: true,
    settings: { exclude: ['logs'] },
  });
  assert.deepEqual(first.runs, []);
  const second = await client.call('folder.open', { folder: host.folder, trusted: true, settings: { exclude: [] } });
  assert.equal(second.runs.length, 1);
});

test('an image is given with its bytes, and nothing outside the run is', async () => {
  mkdirSync(path.join(host.folder, 'runs/s/samples'), { recursive: true });
  host.write('runs/s/run.json', JSON.stringify({ format: 1, id: '01S', name: 's', recipe: 'x', metrics: [] }));
  host.write('runs/s/outcome.json', JSON.stringify({ status: 'finished', step: 3, endedAt: 2 }));
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  host.write('runs/s/samples/step_00000007.png', png);
  const [run] = await open();
  const { items } = await client.call('media.list', { runId: run!.id });
  assert.deepEqual(
    items.map(({ step, kind, width }) => [step, kind, width]),
    [[7, 'image', 1]],
  );
  const { mime, bytes } = await client.call('media.read', { runId: run!.id, tag: items[0]!.tag, step: 7, index: 0 });
  assert.deepEqual([mime, Buffer.from(bytes).equals(png)], ['image/png', true]);
  rmSync(path.join(host.folder, 'runs/s/samples/step_00000007.png'));
  await assert.rejects(client.call('media.read', { runId: run!.id, tag: items[0]!.tag, step: 7, index: 0 }), {
    code: 'not-found',
  });
});
