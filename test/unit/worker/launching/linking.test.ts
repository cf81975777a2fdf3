import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
import type { CommandLaunchRequest } from '../../../../src/domain/commandLaunch.ts';
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
  await client.call('folder.open', { folder: host.folder, trusted: true, settings: { pollSeconds: 1 } });
});
afterEach(() => host.end());

function training(args: readonly string[], more: Partial<CommandLaunchRequest> = {}): CommandLaunchRequest {
  return {
    requestId: `request-${Math.random()}`,
    folder: host.folder,
    command: ['python3', 'glm_experiments/train.py'],
    arguments: ['experiment=bert_small', 'trainer=cpu', 'logger=tensorboard', ...args],
    target: { name: 'local' },
    gpus: 0,
    env: { STANDIN_STEP_SECONDS: '0.1' },
    ...more,
  };
}

test('a Hydra program that logs elsewhere is one run: live metrics, checkpoints and output', async () => {
  const { runId, run } = await client.call(
    'command.launch',
    training(['trainer.max_epochs=200', 'seed=5'], { name: 'glm' }),
  );
  await eventually(async () =>
    (await client.call('runs.get', { runId })).series.some(({ tag }) => tag === 'train/loss'),
  );
  const live = await client.call('runs.get', { runId });
  assert.equal(live.status, 'running', live.statusReason);
  const links = JSON.parse(readFileSync(path.join(run.path, 'links.json'), 'utf8')) as {
    links: { path: string; evidence: string }[];
  };
  assert.equal(links.links.length, 1);
  const output = links.links[0]!.path;
  assert.match(path.relative(host.folder, output), /^logs\/train\/runs\/[\d_-]+$/);
  await eventually(() => existsSync(path.join(output, 'checkpoints', 'last.ckpt')));
  await client.call('runs.stop', { runId });
  await host.until(client, runId, 'stopped', 'killed', 'failed');
  await eventually(async () => {
    const { series } = await client.call('runs.get', { runId });
    return (series.find(({ tag }) => tag === 'train/loss')?.count ?? 0) > 3;
  });
  const { checkpoints } = await client.call('checkpoints.list', { folder: host.folder });
  const files = readdirSync(path.join(output, 'checkpoints'));
  assert.deepEqual(checkpoints.map((each) => each.fileName).sort(), files.sort());
  assert.ok(checkpoints.every((each) => each.runId === runId && each.runName === 'glm'));
  await client.call('folder.refresh', { folder: host.folder });
  const { runs } = await client.call('runs.list', { folder: host.folder });
  assert.deepEqual(
    runs.map(({ name }) => name),
    ['glm'],
  );
  assert.match((await client.call('log.read', { runId, from: 0, maxBytes: 100_000 })).text, /\w/);
});

test('short runs one after the other get each its own logs', async () => {
  // Hydra names its folders by the second, so that each run must take more than one.
  const env = { STANDIN_STEP_SECONDS: '0.11' };
  const launched = await Promise.all(
    ['1', '2'].map((seed) =>
      client.call('command.launch', training([`seed=${seed}`, 'trainer.max_epochs=1'], { env, name: `seed-${seed}` })),
    ),
  );
  const outputs = new Set<string>();
  for (const { runId, run } of launched) {
    await host.until(client, runId, 'finished', 'failed');
    await eventually(async () => (await client.call('runs.get', { runId })).series.length > 0);
    const text = readFileSync(path.join(run.path, 'links.json'), 'utf8');
    const { links } = JSON.parse(text) as { links: { path: string }[] };
    outputs.add(links[0]!.path);
    const overrides = readFileSync(path.join(links[0]!.path, '.hydra', 'overrides.yaml'), 'utf8');
    assert.ok(overrides.includes(`seed=${run.name.slice(-1)}`), `${run.name}: ${overrides}`);
  }
  assert.equal(outputs.size, 2);
  await client.call('folder.refresh', { folder: host.folder });
  assert.equal((await client.call('runs.list', { folder: host.folder })).runs.length, 2);
});

test('links survive the worker: a new one shows the same single run', async () => {
  const { runId } = await client.call(
    'command.launch',
    training(['trainer.max_epochs=1', 'seed=1'], { env: { STANDIN_STEP_SECONDS: '0' } }),
  );
  await host.until(client, runId, 'finished', 'failed');
  await eventually(async () => (await client.call('runs.get', { runId })).series.length > 0);
  host.stop();
  await host.start();
  client = await host.connect();
  const { runs } = await client.call('folder.open', { folder: host.folder, trusted: true });
  assert.deepEqual(
    runs.map(({ id }) => id),
    [runId],
  );
  assert.ok((await client.call('runs.get', { runId })).series.length > 0);
});
