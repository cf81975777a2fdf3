import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
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

const point = (step: number, value: number) => scalarV1(1_700_000_000 + step, step, 'loss', value);
const file = 'logs/a/events.out.tfevents.1700000000.host';
const open = async () => (await client.call('folder.open', { folder: host.folder, trusted: true })).runs[0]!;
const only = () => [...host.worker.catalog.all()][0]!;
const chunks = () => Number(host.worker.catalog.flush() && host.worker.catalog.cache.byteLength);

test('of a run that nobody looks at only the figures are kept, and its points come when they are asked for', async () => {
  const rows = [3, Number.NaN, 1, 2].map((value, step) => point(step, value));
  const full = host.write(file, Buffer.concat([version(), ...rows]));
  const { id, metrics, sparkline } = await open();
  assert.equal(only().isSkimmed, true);
  assert.equal(chunks(), 0);
  assert.deepEqual([metrics[0]?.value, metrics[0]?.min, metrics[0]?.max, sparkline], [2, 1, 3, [3, Number.NaN, 1, 2]]);
  const { series } = await client.call('runs.get', { runId: id });
  assert.deepEqual(
    series.map(({ count, nonFinite, firstStep, lastStep }) => [count, nonFinite, firstStep, lastStep]),
    [[4, 1, 0, 3]],
  );
  // The next worker still knows that the points are missing.
  host.stop();
  await host.start();
  client = await host.connect();
  await open();
  assert.equal(only().isSkimmed, true);
  const { values } = await client.call('series.points', { runId: id, tag: 'loss', from: 0, count: 9 });
  assert.deepEqual([...values], [3, Number.NaN, 1, 2]);
  assert.equal(only().isSkimmed, false);
  appendFileSync(full, point(4, 7));
  await eventually(async () => (await client.call('runs.get', { runId: id })).series[0]?.count === 5);
  const after = await client.call('series.points', { runId: id, tag: 'loss', from: 3, count: 9 });
  assert.deepEqual([after.total, [...after.values]], [5, [2, 7]]);
});

test('a run that grows after it was skimmed has all its points, none twice', async () => {
  const full = host.write(file, Buffer.concat([version(), point(0, 1), point(1, 2)]));
  const { id } = await open();
  assert.equal(only().isSkimmed, true);
  appendFileSync(full, Buffer.concat([point(2, 3), point(3, 4)]));
  host.worker.monitor.poke(only().found);
  await eventually(() => only().series.get('loss')?.info.count === 4);
  const { values } = await client.call('series.points', { runId: id, tag: 'loss', from: 0, count: 9 });
  assert.deepEqual([...values], [1, 2, 3, 4]);
});

test('a chart of many runs that were skimmed has the points of all of them', async () => {
  for (let run = 0; run < 12; run++)
    host.write(
      `logs/${run}/events.out.tfevents.1700000000.host`,
      Buffer.concat([version(), point(0, run), point(1, run)]),
    );
  await open();
  const runs = [...host.worker.catalog.all()];
  const series = runs.map(({ id }) => ({ runId: id, tag: 'loss' }));
  const tile = await client.call('series.query', { series, x: 'step', buckets: 10, smoothing: 0 });
  assert.deepEqual(
    tile.series.map(({ total }) => total),
    Array.from({ length: 12 }, () => 2),
  );
});
