import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
import { makeSample } from '../../../fixtures/sampleProject.ts';
import { eventually, TestWorker } from '../testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  const sample = makeSample('genomic-lm', { git: true });
  cpSync(sample.folder, host.folder, { recursive: true });
  sample.dispose();
  client = await host.connect();
  await client.call('folder.open', { folder: host.folder, trusted: true });
});
afterEach(() => host.end());

test('a Hydra program is previewed with its composed configuration, which the run keeps', async () => {
  const request = {
    requestId: 'hydra',
    folder: host.folder,
    entry: 'hydra:glm_experiments/train.py',
    arguments: ['trainer=cpu', 'trainer.max_epochs=1'],
    target: { name: 'local' },
    gpus: 0,
    name: 'composed',
  };
  const preview = await client.call('command.preview', request);
  assert.deepEqual(preview.problems, []);
  assert.equal((preview.config?.['trainer'] as { max_epochs?: number } | undefined)?.max_epochs, 1);
  assert.match(preview.warnings.join(' '), /seed is not set, so this run cannot be repeated exactly/);
  const seeded = await client.call('command.preview', { ...request, arguments: [...request.arguments, 'seed=1'] });
  assert.deepEqual(seeded.warnings, []);
  const { runId, run } = await client.call('command.launch', request);
  await host.until(client, runId, 'finished', 'failed');
  const file = path.join(run.path, 'config.yaml');
  await eventually(() => existsSync(file));
  assert.match(readFileSync(file, 'utf8'), /max_epochs: 1/);
  const next = await client.call('command.preview', {
    ...request,
    name: 'next',
    arguments: ['trainer=cpu', 'trainer.max_epochs=2'],
  });
  assert.equal(next.changesFrom, 'composed');
  assert.ok(next.changes.includes('trainer.max_epochs: 1 → 2'), next.changes.join('\n'));
  const wrong = await client.call('command.preview', { ...request, name: 'wrong', arguments: ['trainer=nowhere'] });
  assert.ok(wrong.problems.length > 0);
});
