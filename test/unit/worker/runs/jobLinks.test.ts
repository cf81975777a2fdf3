import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { WorkerConnection } from '../../../../src/client/handshake.ts';
import type { RunSummary } from '../../../../src/domain/run.ts';
import { scalarV1 } from '../../readers/support/events.ts';
import { bytes, message } from '../../readers/support/proto.ts';
import { exit, history, logBytes, record, runRecord } from '../../readers/support/wandbLog.ts';
import { eventually, TestWorker } from '../testWorker.ts';

let host: TestWorker;
let client: WorkerConnection;
beforeEach(async () => {
  host = new TestWorker();
  await host.start();
  client = await host.connect();
});
afterEach(() => host.end());

const now = Math.floor(Date.now() / 1000);
const list = async () => (await client.call('runs.list', { folder: host.folder })).runs;
const open = async () => void (await client.call('folder.open', { folder: host.folder, trusted: true }));

function events(folder: string, startedAt: number): void {
  const points = Array.from({ length: 6 }, (_, step) => scalarV1(startedAt + step, step, 'loss', 1 / (step + 3)));
  host.write(`${folder}/events.out.tfevents.${startedAt}.host`, Buffer.concat(points));
}

/** Newer versions note SLURM's variables in the log, older ones only in the file beside it. */
function wandb(id: string, slurm: object, logged: { readonly [name: string]: string } = {}): void {
  const folder = `wandb/offline-run-20260101_101112-${id}`;
  const entries = Object.entries(logged).map(([name, value]) => message(27, bytes(1, name), bytes(2, value)));
  const records = [runRecord(id), record(26, ...entries), history(0, { loss: 1 }), exit(0)];
  host.write(`${folder}/run-${id}.wandb`, logBytes(records));
  host.write(`${folder}/files/wandb-metadata.json`, JSON.stringify({ host: 'node7', slurm }));
}

/** A time as SLURM and Python's logging write it: of this machine's zone. */
function localTime(seconds: number): string {
  const date = new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}

const pairs = (runs: readonly RunSummary[]) =>
  runs.map(({ source, alsoLoggedTo = [] }) => [source, ...alsoLoggedTo].join('+')).sort();
const whyOf = async (source: string) => {
  const run = (await list()).find((each) => each.source === source && each.alsoLoggedTo !== undefined)!;
  return (await client.call('runs.get', { runId: run.id })).sources?.at(-1)?.why;
};

test("a job's output is part of the run whose record names the job, also within an array; a job of two such runs belongs to neither", async () => {
  host.write('logs/slurm-4711.out', 'epoch 1\n');
  host.write('logs/slurm-4800_3.out', 'epoch 1\n');
  host.write('logs/slurm-4900.out', 'epoch 1\n');
  wandb('aaaaaaa1', {}, { job_id: '4711', job_name: 'train' });
  wandb('aaaaaaa2', { job_id: '4805', array_job_id: '4800', array_task_id: '3' });
  wandb('aaaaaaa3', { job_id: '4900' });
  wandb('aaaaaaa4', { job_id: '4900' });
  await open();
  await eventually(async () => (await list()).filter(({ alsoLoggedTo }) => alsoLoggedTo !== undefined).length === 2);
  assert.deepEqual(pairs(await list()), ['slurm', 'wandb', 'wandb', 'wandb+slurm', 'wandb+slurm']);
  assert.match((await whyOf('wandb')) ?? '', /Both are of the SLURM job 4\d+/);
});

test("a job's output is part of the run whose folder it shows, if that began while the job was at work", async () => {
  const output = `${localTime(now - 600)} started\nresuming from runs/old/ckpt/last.pt\nlogs go to ${host.folder}/runs/new/tb\n`;
  host.write('logs/slurm-12.out', output);
  events('runs/old', now - 90_000);
  events('runs/new/tb', now - 590);
  await open();
  await eventually(async () => (await list()).some(({ alsoLoggedTo }) => alsoLoggedTo !== undefined));
  const runs = await list();
  assert.deepEqual(pairs(runs), ['tensorboard', 'tensorboard+slurm']);
  assert.equal(runs.find(({ alsoLoggedTo }) => alsoLoggedTo === undefined)?.name, 'runs/old');
  assert.equal(await whyOf('tensorboard'), 'The output of the job shows the place of the other.');
});

test('what a logger wrote into the folder of the latest attempt belongs to the experiment of the registry', async () => {
  const stamp = (seconds: number) => localTime(seconds).replaceAll('-', '').replaceAll(':', '').replace(' ', '_');
  const entry = {
    status: 'completed',
    started_at: localTime(now - 900).replace(' ', 'T'),
    completed_at: localTime(now - 100).replace(' ', 'T'),
    exit_code: 0,
    metrics: { auc: 0.5 },
  };
  host.write('experiments/registry.json', JSON.stringify({ meta: {}, experiments: { bridge_8: entry } }));
  events(`experiments/runs/bridge_8_${stamp(now - 900)}/logs/tb`, now - 890);
  events(`experiments/runs/bridge_8_${stamp(now - 9000)}/logs/tb`, now - 8990);
  await open();
  await eventually(async () => (await list()).some(({ alsoLoggedTo }) => alsoLoggedTo !== undefined));
  assert.deepEqual(pairs(await list()), ['tensorboard', 'tensorboard+registry']);
  assert.equal(await whyOf('tensorboard'), 'One lies in the folder that the experiment of the registry left.');
});
