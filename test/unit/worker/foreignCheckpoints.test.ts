import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Checkpoint } from '../../../src/domain/checkpoint.ts';
import { scalarV1, version } from '../readers/support/events.ts';
import { eventually, TestWorker } from './testWorker.ts';

let host: TestWorker;

beforeEach(() => {
  host = new TestWorker();
});
afterEach(() => host.end());

test('checkpoints of a run that another tool wrote are listed and can be looked into', async () => {
  await host.start();
  const client = await host.connect();
  host.write('logs/one/events.out.tfevents.1700000000.box', Buffer.concat([version(), scalarV1(1.7e9, 1, 'loss', 1)]));
  const file = path.join(host.folder, 'logs/one/checkpoints/epoch=3-val_loss=0.25.ckpt');
  mkdirSync(path.dirname(file), { recursive: true });
  copyFileSync(path.resolve(import.meta.dirname, '../../fixtures/checkpoints/training.pt'), file);
  await client.call('folder.open', { folder: host.folder, trusted: true });
  let checkpoint: Checkpoint | undefined;
  await eventually(async () => {
    const { checkpoints } = await client.call('checkpoints.list', { folder: host.folder });
    checkpoint = checkpoints.find(({ path: found }) => found === file);
    return checkpoint !== undefined;
  });
  assert.ok(checkpoint?.runId !== undefined);
  assert.deepEqual([checkpoint.epoch, checkpoint.metric], [3, { name: 'val_loss', value: 0.25 }]);
  const run = await client.call('runs.get', { runId: checkpoint.runId });
  assert.equal(run.source, 'tensorboard');
  const details = await client.call('checkpoints.inspect', { path: file });
  assert.deepEqual([details.kind, details.parameters, details.config?.['lr']], ['torch', 36, 0.001]);
  await assert.rejects(
    client.call('checkpoints.inspect', { path: path.join(host.folder, 'none.pt') }),
    /cannot be read/,
  );
});
