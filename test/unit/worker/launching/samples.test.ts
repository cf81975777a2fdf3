import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
import type { CommandLaunchRequest } from '../../../../src/domain/commandLaunch.ts';
import { makeSample, type SampleName } from '../../../fixtures/sampleProject.ts';
import { eventually, TestWorker } from '../testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;

beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await host.connect();
});
afterEach(() => host.end());

async function open(name: SampleName): Promise<void> {
  const sample = makeSample(name, { git: true });
  cpSync(sample.folder, host.folder, { recursive: true });
  sample.dispose();
  await client.call('folder.open', { folder: host.folder, trusted: true });
}

async function request(id: string, args: readonly string[], more: Partial<CommandLaunchRequest> = {}) {
  const { entries } = await client.call('entries.list', { folder: host.folder });
  const entry = entries.find((each) => each.id === id);
  assert.ok(entry, `${id} is not among ${entries.map((each) => each.id).join(', ')}`);
  return {
    requestId: `request-${Math.random()}`,
    folder: host.folder,
    entry: id,
    arguments: args,
    target: { name: 'local' },
    gpus: 0,
    ...more,
  } satisfies CommandLaunchRequest;
}

test('a Lightning-Hydra program: launched, watched, stopped, and taken up again from its checkpoint', async () => {
  await open('genomic-lm');
  const asked = await request(
    'hydra:glm_experiments/train.py',
    ['experiment=bert_small', 'trainer=cpu', 'trainer.max_epochs=50', 'logger=tensorboard', 'seed=3'],
    {
      name: 'long',
      env: { STANDIN_STEP_SECONDS: '0.05' },
    },
  );
  const { runId } = await client.call('command.launch', asked);
  const lossOf = async (id: typeof runId) =>
    (await client.call('runs.get', { runId: id })).series.find(({ tag }) => tag === 'train/loss');
  await eventually(async () => ((await lossOf(runId))?.count ?? 0) >= 12);
  await client.call('runs.stop', { runId });
  await host.until(client, runId, 'stopped', 'failed', 'killed');
  const { checkpoints } = await client.call('checkpoints.list', { folder: host.folder });
  const last = checkpoints.find(({ isLast }) => isLast);
  assert.deepEqual([last?.runId, last?.resumable], [runId, true]);
  const resumed = await client.call('runs.resume', { runId, requestId: 'resume', overrides: ['tags=[resumed]'] });
  assert.equal(resumed.run.resumedFrom, runId);
  await eventually(async () => ((await lossOf(resumed.runId))?.firstStep ?? 0) > 0);
  await client.call('runs.stop', { runId: resumed.runId });
  await host.until(client, resumed.runId, 'stopped', 'failed', 'killed');
  const log = (await client.call('log.read', { runId: resumed.runId, from: 0, maxBytes: 100_000 })).text;
  assert.match(log, /Restored from .*last\.ckpt at step \d+/);
  const { command } = await client.call('runs.get', { runId: resumed.runId });
  assert.ok(command?.includes('tags=[resumed]') && command.includes(`ckpt_path=${last!.path}`), command?.join(' '));
});

test('a program that wants its run name gets it, and goes on by itself', async () => {
  await open('flow-matching');
  const asked = await request('hydra:train.py', ['model=mlp', 'epochs=2', 'save_every=1']);
  const { runId, run } = await client.call('command.launch', { ...asked, name: 'first' });
  const ended = await host.until(client, runId, 'finished', 'failed');
  assert.equal(ended.status, 'finished', (await client.call('log.read', { runId, from: 0, maxBytes: 10_000 })).text);
  const argv = JSON.parse(readFileSync(path.join(host.folder, 'outputs', 'argv_first.json'), 'utf8')) as string[];
  assert.deepEqual(argv.slice(1), ['model=mlp', 'epochs=2', 'save_every=1', 'run_name=first']);
  const { checkpoints } = await client.call('checkpoints.list', { folder: host.folder });
  const archived = checkpoints.filter(({ fileName }) => fileName.startsWith('first_epoch_'));
  assert.deepEqual(
    archived.map((each) => [each.runId, each.resumable]),
    [
      [runId, true],
      [runId, true],
    ],
  );
  const resumed = await client.call('runs.resume', { runId, requestId: 'again', overrides: ['epochs=4'] });
  assert.equal((await host.until(client, resumed.runId, 'finished', 'failed')).status, 'finished');
  const again = JSON.parse(
    readFileSync(path.join(host.folder, 'outputs', `argv_${resumed.run.name}.json`), 'utf8'),
  ) as string[];
  assert.ok(again.includes('resume=true') && again.includes(`run_name=${resumed.run.name}`), again.join(' '));
  assert.notEqual(resumed.run.name, run.name);
});

test('a command that trainyard.yaml names runs as it is written there', async () => {
  await open('experiment-hub');
  const { entries } = await client.call('entries.list', { folder: host.folder });
  const named = entries.find(({ kind }) => kind === 'named');
  assert.ok(named, 'nothing is named in trainyard.yaml');
  const { runId } = await client.call('command.launch', await request(named.id, []));
  const ended = await host.until(client, runId, 'finished', 'failed');
  assert.equal(ended.status, 'finished', (await client.call('log.read', { runId, from: 0, maxBytes: 10_000 })).text);
});
