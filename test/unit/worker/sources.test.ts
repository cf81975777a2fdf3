import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import type { RunSummary } from '../../../src/domain/run.ts';
import { scalarV1, version } from '../readers/support/events.ts';
import { TestWorker } from './testWorker.ts';

const worker = new TestWorker();
let client: WorkerConnection;

before(async () => {
  const events = Buffer.concat([version(), scalarV1(1_700_000_000, 1, 'train/loss', 2.5)]);
  worker.write('logs/tb/events.out.tfevents.1700000000.host', events);
  const damaged = Buffer.from(events);
  damaged[60]! ^= 1;
  worker.write('logs/broken/events.out.tfevents.1700000001.host', Buffer.concat([damaged, events.subarray(40)]));
  worker.write('node_modules/package/events.out.tfevents.1.host', events);
  worker.write('.aim/meta/x', 'x');
  worker.write('outputs/one/.hydra/config.yaml', 'lr: 0.1\nmodel: unet\n');
  worker.write('outputs/one/.hydra/overrides.yaml', '[]\n');
  worker.write('outputs/one/train.log', '[2026-01-02 03:04:05,678][__main__][INFO] - hello\nbye ü\n');
  await worker.start();
  client = await worker.connect();
  await client.call('folder.open', { folder: worker.folder, trusted: true });
});
after(() => worker.end());

async function runOf(source: string, folder: string): Promise<RunSummary> {
  const { runs } = await client.call('runs.list', { folder: worker.folder });
  const found = runs.find((run) => run.source === source && run.path === path.join(worker.folder, folder));
  assert.ok(found, `${source} ${folder} among ${JSON.stringify(runs.map((run) => [run.source, run.path]))}`);
  return found;
}

test('doctor tells what was found where, what is damaged, and what was not looked into', async () => {
  const { sources = [], checks } = await client.call('doctor.run', { folder: worker.folder });
  assert.deepEqual(
    sources.map(({ root }) => root),
    [worker.folder],
  );
  const [{ found, skipped, skippedCount }] = sources as [(typeof sources)[number]];
  const events = found.find(({ source }) => source === 'tensorboard');
  assert.deepEqual([events?.runs, events?.live, events?.damaged], [2, 0, 1]);
  assert.ok(events!.bytes > 150 && events!.bytes < 1000, String(events!.bytes));
  assert.equal(found.find(({ source }) => source === 'hydra')?.runs, 1);
  const left = skipped.find((place) => place.path.endsWith('node_modules'));
  assert.match(left?.reason ?? '', /never holds runs/);
  assert.equal(skippedCount, skipped.length);
  const own = checks.filter(({ group }) => group === 'sources');
  assert.match(
    own.find(({ title }) => title === 'TensorBoard event files')?.detail ?? '',
    /^2 runs, .*One run has something/,
  );
  assert.match(own.find(({ title }) => title === 'Not looked into')?.detail ?? '', /node_modules never holds runs/);
});

test('the console of a run of another tool is read in pieces that end between characters', async () => {
  const run = await runOf('hydra', 'outputs/one');
  const detail = await client.call('runs.get', { runId: run.id });
  assert.deepEqual(
    detail.console?.map(({ file, encoding }) => [path.basename(file), encoding]),
    [['train.log', 'text']],
  );
  const whole = await client.call('log.read', { runId: run.id, from: 0, maxBytes: 10_000 });
  assert.match(whole.text, /hello\nbye ü\n$/);
  const { size } = whole;
  // The last but one byte is the second one of ü.
  const cut = await client.call('log.read', { runId: run.id, log: 0, from: 0, maxBytes: size - 2 });
  assert.ok(cut.text.endsWith('bye '));
  const rest = await client.call('log.read', { runId: run.id, log: 0, from: cut.next, maxBytes: 100 });
  assert.equal(rest.text, 'ü\n');
  await assert.rejects(client.call('log.read', { runId: run.id, log: 7, from: 0, maxBytes: 10 }), {
    code: 'not-found',
  });
});

test('folders in which trackers keep runs are named by the environment, and only those that are there', async () => {
  const home = path.join(worker.root, 'person');
  const trackio = path.join(home, '.cache/huggingface/trackio');
  const shared = path.join(home, 'wandb-of-all');
  for (const folder of [trackio, shared]) mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(home, 'file'), '');
  const ask = async (environment: Record<string, string>, further: readonly string[], trackioToo = true) =>
    (await client.call('trackers.folders', { environment, trackio: trackioToo, further })).folders;
  assert.deepEqual(await ask({ HOME: home }, ['~/wandb-of-all', '~/nowhere', '~/file', 'relative']), [shared, trackio]);
  assert.deepEqual(await ask({ HOME: home }, [], false), []);
  assert.deepEqual(await ask({ HOME: home, TRACKIO_DIR: shared, HF_HOME: '/nowhere' }, []), [shared]);
});

test('what is asked of splitting and merging is checked before anything changes', async () => {
  const run = await runOf('hydra', 'outputs/one');
  await assert.rejects(client.call('runs.merge', { runIds: [run.id, run.id] }), { code: 'bad-argument' });
  await assert.rejects(client.call('runs.split', { runId: run.id }), { code: 'conflict' });
});
