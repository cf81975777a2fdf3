import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import { scalarV1, version } from '../../unit/readers/support/events.ts';
import { eventually, TestWorker } from '../../unit/worker/testWorker.ts';
import { missingServer, SshServer } from './sshServer.ts';

const skip = missingServer() ?? false;
let server: SshServer;
let host: TestWorker;
let client: WorkerConnection;
before(async () => {
  if (skip !== false) return;
  server = new SshServer();
  await server.start();
});
after(async () => server?.end());
beforeEach(async () => {
  if (skip !== false) return;
  host = new TestWorker();
  await host.start();
  client = await host.connect('extension');
  host.write('train.py', trainer);
  host.write(
    'trainyard.yaml',
    `targets:\n  box: { kind: ssh, host: box, configFile: ${server.configFile}, folder: ${there()} }\n`,
  );
  host.write('.gitignore', 'runs/\n');
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', host.folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args]);
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  await client.call('folder.open', { folder: host.folder, trusted: true });
});
afterEach(() => host?.end());

const there = () => path.join(host.root, 'there');
/** Events as TensorBoard's writer lays them out, one per step, into a folder that the program makes below its own; weights at the end. */
const trainer = [
  'import os, signal, sys, time',
  'def end(*_): open("logs/model.ckpt", "wb").write(b"weights"); print("kept", flush=True); sys.exit(0)',
  'signal.signal(signal.SIGINT, end)',
  'os.makedirs("logs/tensorboard/version_0")',
  'log = open("logs/tensorboard/version_0/events.out.tfevents.1.box", "ab", buffering=0)',
  'log.write(bytes.fromhex(sys.argv[1]))',
  'for event in sys.argv[2:]:',
  '    log.write(bytes.fromhex(event)); print(len(event), flush=True); time.sleep(0.1)',
  'while True: time.sleep(0.05)',
].join('\n');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const events = Array.from({ length: 12 }, (_, step) => scalarV1(1_700_000_000 + step, step, 'loss', 1 / (step + 1)));

async function launch(requestId: string): Promise<RunId> {
  const { runId } = await client.call('command.launch', {
    requestId,
    folder: host.folder,
    command: ['python3', 'train.py', hex(version()), ...events.map(hex)],
    arguments: [],
    target: { name: 'box' },
    name: requestId,
  });
  return runId;
}

test('a run on a host is watched as if it were local: launch, live metrics, a new worker, stop, checkpoint', {
  skip,
}, async () => {
  const report = await client.call('targets.report', { folder: host.folder, target: { name: 'box' } });
  assert.equal(report.usable, true, report.problems.join());
  assert.ok(
    report.lines.some((line) => /processors/.test(line)) && report.lines.some((line) => /disk free/.test(line)),
  );
  const runId = await launch('first');
  assert.equal(await launch('first'), runId);
  const steps = async () => {
    const { series } = await client.call('runs.get', { runId });
    const tag = series.find((each) => each.tag.endsWith('loss'))?.tag;
    return tag === undefined
      ? []
      : [...(await client.call('series.points', { runId, tag, from: 0, count: 100 })).steps];
  };
  await eventually(async () => (await steps()).length > 3);
  const running = await client.call('runs.get', { runId });
  assert.equal(running.status, 'running');
  assert.match(running.statusReason, /^Process \d+ runs on box\.$/);
  // Another worker takes over; the run does not notice.
  host.stop();
  await host.start();
  client = await host.connect('extension');
  await client.call('folder.open', { folder: host.folder, trusted: true });
  await eventually(async () => (await steps()).length === events.length);
  assert.deepEqual(
    await steps(),
    events.map((_, step) => step),
  );
  // The output comes over on its own way, so its last line may come a moment after the last event.
  const lines = async () => {
    const { text } = await client.call('log.read', { runId, from: 0, maxBytes: 10_000 });
    return text.trim().split('\n').length;
  };
  await eventually(async () => (await lines()) >= events.length);
  assert.equal(await lines(), events.length);
  await client.call('runs.stop', { runId });
  const ended = await host.until(client, runId, 'stopped', 'finished', 'failed', 'lost');
  assert.equal(ended.status, 'stopped', ended.statusReason);
  const { files } = await client.call('remoteFiles.list', { runId });
  assert.deepEqual(
    files.map((file) => [file.path, file.sizeBytes, file.here]),
    [['work/logs/model.ckpt', 7, false]],
  );
  const { file } = await client.call('remoteFiles.fetch', { runId, path: files[0]!.path });
  assert.equal(readFileSync(file, 'utf8'), 'weights');
  // What it left over there can go; what is here stays.
  const { bytes } = await client.call('remoteFiles.clear', { runId });
  assert.ok(bytes > 7, `${bytes} bytes`);
  assert.deepEqual((await client.call('remoteFiles.list', { runId })).files, []);
  assert.equal((await client.call('remoteFiles.clear', { runId })).bytes, 0, 'once more does no harm');
  assert.equal(readFileSync(file, 'utf8'), 'weights');
  assert.equal((await steps()).length, events.length);
});

test('a run that has not ended is not removed over there, whoever asks', { skip }, async () => {
  const runId = await launch('lives');
  await host.until(client, runId, 'running');
  await assert.rejects(client.call('remoteFiles.clear', { runId }), { code: 'conflict' });
  const place = { runId, directory: (await client.call('runs.get', { runId })).path };
  await assert.rejects(host.worker.targets.ssh.clear!(place), { code: 'conflict' }, 'the host refuses it too');
  await client.call('runs.stop', { runId, force: true });
  await host.until(client, runId, 'stopped', 'killed');
  await client.call('remoteFiles.clear', { runId });
});

test('a host that is down is a reason, not an end; the run starts when it answers', { skip }, async () => {
  await server.goDown();
  const runId = await launch('late');
  const waiting = await host.until(client, runId, 'queued');
  await eventually(async () => /box does not answer/.test((await client.call('runs.get', { runId })).statusReason));
  assert.equal(waiting.endedAt, undefined);
  await server.listen();
  await host.until(client, runId, 'running');
  await client.call('runs.stop', { runId, force: true });
  await host.until(client, runId, 'stopped', 'killed');
});
