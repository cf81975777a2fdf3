import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import { scalarV1, version } from '../readers/support/events.ts';
import { eventually, TestWorker } from './testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;
let skipped: string | undefined;

/** The worker's home lies on a disk of a few megabytes. */
beforeEach(async () => {
  host = new TestWorker();
  mkdirSync(host.home, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', host.home]);
  skipped = mounted.status === 0 ? undefined : 'a small disk cannot be mounted here';
  await host.start();
  client = await host.connect();
});
afterEach(() => {
  host.stop();
  if (skipped === undefined) spawnSync('umount', ['-l', host.home]);
  host.end();
});

function fillDisk(): string {
  const file = path.join(host.home, 'filler');
  writeFileSync(file, '');
  for (let bytes = 1_000_000; bytes >= 512; bytes = Math.floor(bytes / 2)) {
    try {
      for (;;) appendFileSync(file, new Uint8Array(bytes));
    } catch {
      // A smaller piece may still fit.
    }
  }
  return file;
}

const event = (step: number) => scalarV1(1_700_000_000 + step, step, 'loss', step);

test('a full disk under the database is said, loses nothing, and is over when there is room again', async (context) => {
  if (skipped !== undefined) return context.skip(skipped);
  const file = host.write('logs/events.out.tfevents.1.h', Buffer.concat([version(), event(0)]));
  const { runs } = await client.call('folder.open', { folder: host.folder, trusted: true });
  const runId = runs[0]!.id;
  const waiting = await host.launchScript('waiting', 'process.exit(4)', { hold: true });
  await eventually(() => host.worker.catalog.flush());
  const filler = fillDisk();
  const request = {
    requestId: 'r',
    folder: host.folder,
    recipe: 'classifier',
    overrides: ['data=/nowhere'],
    device: 'cpu',
    name: 'new',
    hold: true,
  } as const;
  // The log of writes in progress may still have a little room; sooner or later there is none.
  await assert.rejects(
    (async () => {
      for (let count = 0; count < 5_000; count++)
        await client.call('runs.update', { runId, note: 'x'.repeat(5_000 + count) });
    })(),
    (error: { code: string; hint: string }) => {
      assert.equal(error.code, 'disk-full');
      assert.match(error.hint, /Free some space/);
      return true;
    },
  );
  await assert.rejects(client.call('launch.start', request), { code: 'disk-full' });
  appendFileSync(file, Buffer.concat([event(1), event(2)]));
  await client.call('folder.refresh', { folder: host.folder });
  await eventually(
    async () => (await client.call('series.points', { runId, tag: 'loss', from: 0, count: 0 })).total === 3,
  );
  rmSync(filler);
  const { run } = await client.call('launch.start', request);
  assert.deepEqual(readdirSync(path.dirname(run.path)).sort(), ['new', 'waiting']);
  await client.call('queue.hold', { jobId: host.jobId(waiting), held: false });
  assert.match((await host.until(client, waiting, 'failed')).statusReason, /exit code 4/);
  await eventually(() => host.worker.catalog.flush());
  host.stop();
  await host.start();
  client = await host.connect();
  await client.call('folder.open', { folder: host.folder, trusted: true });
  assert.equal((await client.call('series.points', { runId, tag: 'loss', from: 0, count: 0 })).total, 3);
});
