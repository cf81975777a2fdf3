import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { eventually, TestWorker } from '../testWorker.ts';

let host: TestWorker;
beforeEach(async () => {
  host = new TestWorker();
  await host.start();
});
afterEach(() => host.end());

test('the end of a job is told, once, though it ended before anybody had looked at its run', async () => {
  const { runId } = await host.worker.launcher.launchCommand({
    requestId: 'short',
    folder: host.folder,
    name: 'short',
    command: [process.execPath, '-e', 'process.exit(3)'],
    cwd: host.folder,
    slot: 'cpu',
  });
  await eventually(() => host.worker.scheduler.find(host.jobId(runId))?.state === 'done');
  assert.equal(host.worker.catalog.get(runId), undefined, 'the run was looked at before');
  const client = await host.connect();
  const ended: string[] = [];
  client.on('run.ended', ({ run }) => ended.push(run.statusReason));
  await client.call('folder.open', { folder: host.folder, trusted: true });
  await eventually(() => ended.length > 0);
  await client.call('folder.refresh', { folder: host.folder });
  assert.equal(ended.length, 1);
  assert.match(ended[0]!, /exit code 3/);
});
