import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import { eventually, TestWorker } from './testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;
let file: string;

const entry = (status: string) => ({ status, marked_for_rerun: false, retry_count: 2, started_at: null });

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  const content = { meta: {}, experiments: { good: entry('completed'), bad: entry('failed') } };
  file = host.write('runs/experiment_registry.json', JSON.stringify(content, undefined, 2));
  client = await host.connect();
});
afterEach(() => host.end());

test('the registry of a folder is read, changed and told of, also when a script changes it', async () => {
  await client.call('folder.open', { folder: host.folder, trusted: true });
  const told: string[] = [];
  client.on('registry.changed', (event) => told.push(event.file));
  const { registries } = await client.call('registry.read', { folder: host.folder });
  assert.deepEqual(
    registries.map((registry) => [registry.file, registry.experiments.map(({ name }) => name)]),
    [[file, ['good', 'bad']]],
  );
  const { registry, changed } = await client.call('registry.change', { file, change: 'mark-all-failed' });
  assert.deepEqual(changed, ['bad']);
  assert.equal(registry.experiments[1]!.markedForRerun, true);
  await eventually(() => told.length > 0);
  const before = told.length;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  host.write('runs/experiment_registry.json', readFileSync(file, 'utf8').replace('"completed"', '"failed"'));
  await eventually(() => told.length > before);
});

test('nothing is changed in a folder that is not open or not trusted', async () => {
  await assert.rejects(client.call('registry.change', { file, change: 'mark', experiments: ['bad'] }), {
    code: 'bad-argument',
  });
  await client.call('folder.open', { folder: host.folder, trusted: false });
  await assert.rejects(client.call('registry.change', { file, change: 'mark', experiments: ['bad'] }), {
    code: 'not-trusted',
  });
  assert.equal((await client.call('registry.read', { folder: host.folder })).registries[0]!.experiments.length, 2);
  assert.match(readFileSync(file, 'utf8'), /"retry_count": 2/);
  const outside = path.join(host.root, 'other.json');
  await assert.rejects(client.call('registry.change', { file: outside, change: 'rebuild' }), { code: 'bad-argument' });
});

test('a change without an experiment is refused', async () => {
  await client.call('folder.open', { folder: host.folder, trusted: true });
  await assert.rejects(client.call('registry.change', { file, change: 'mark', experiments: [] }), {
    code: 'bad-argument',
  });
});
