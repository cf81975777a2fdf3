import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import type { CommandLaunchRequest } from '../../../src/domain/commandLaunch.ts';
import { client, connect, host, restart } from './openWorker.ts';
import { grid, launch, over, states, sweepOf, trialCommand } from './sweepSupport.ts';
import { eventually } from './testWorker.ts';

test('a run that fails as its policy says is tried again, later each time, and no more often; the trial has all its runs', async () => {
  const retry = { attempts: 2, kinds: ['error'], delaySeconds: 0.2 } as const;
  await client.call(
    'sweeps.start',
    grid({ launch: launch({ arguments: ['fails=1'], retry }), axes: [{ key: 'x', values: ['1'] }] }),
  );
  await eventually(async () => (await sweepOf('sweep-1')).trials[0]!.runs.length === 3);
  const sweep = await over('sweep-1');
  assert.deepEqual([states(sweep), sweep.trials[0]?.runs.length], [['failed'], 3]);
  // Looking again, as another worker does, launches nothing.
  await restart();
  await new Promise((resolve) => setTimeout(resolve, 600));
  const { jobs } = await client.call('queue.list', {});
  assert.equal(jobs.length, 3);
  const inTurn = [...jobs].sort((one, other) => one.submittedAt - other.submittedAt);
  const waits = inTurn.slice(1).map(({ notBefore }, index) => Math.round(10 * (notBefore! - inTurn[index]!.endedAt!)));
  assert.deepEqual(waits, [2, 4], 'twice as long each time, in tenths of a second');
  assert.equal(existsSync(path.join(host.folder, 'runs', 'lr-t0-3')), true);
});

/** The same program as an entry point of trainyard.yaml, which knows how to go on. */
function resumable(more: Partial<CommandLaunchRequest> = {}): Omit<CommandLaunchRequest, 'command'> {
  host.write(
    'trainyard.yaml',
    `entries:\n  trial:\n    command: ${JSON.stringify(trialCommand)}\n    takes: arguments\n    resume: ["resume={checkpoint}"]\n`,
  );
  const { command: _, ...rest } = launch({ arguments: ['times_out=1'], ...more });
  return rest;
}

test('what ran out of time goes on from its checkpoint, by its own policy and by one command', async () => {
  const byPolicy = resumable({ retry: { attempts: 1, kinds: ['time-limit'], delaySeconds: 0.1 } });
  const named = (await client.call('entries.list', { folder: host.folder })).entries[0]!;
  const axes = [{ key: 'x', values: ['1'] }];
  await client.call('sweeps.start', grid({ launch: { ...byPolicy, entry: named.id }, axes }));
  await eventually(async () => (await sweepOf('sweep-1')).trials[0]!.runs.length === 2);
  const retried = await over('sweep-1');
  assert.deepEqual([states(retried), retried.trials[0]?.value], [['done'], 7], 'its loss is what the checkpoint holds');
  const { retry: _, ...byHand } = byPolicy;
  await client.call(
    'sweeps.start',
    grid({ requestId: 'other', name: 'other', launch: { ...byHand, entry: named.id }, axes }),
  );
  const cut = await over('other');
  assert.deepEqual([states(cut), cut.trials[0]?.failure?.kind], [['failed'], 'time-limit']);
  await client.call('sweeps.relaunch', { sweepId: 'other', which: 'timed-out', requestId: 'go on' });
  const gone = await over('other');
  assert.deepEqual([states(gone), gone.trials[0]?.value], [['done'], 7]);
  const run = await client.call('runs.get', { runId: gone.trials[0]!.runs[1]! });
  assert.equal(run.resumedFrom, gone.trials[0]!.runs[0]);
});

test('two windows that repair the same sweep, or launch the same retry, start nothing twice', async () => {
  const other = await connect();
  await client.call('sweeps.start', grid());
  await over('sweep-1');
  const ask = (window: WorkerConnection, requestId: string) =>
    window.call('sweeps.relaunch', { sweepId: 'sweep-1', which: 'failed', edits: ['batch_size=8'], requestId });
  const answers = await Promise.all([ask(client, 'window-1'), ask(other, 'window-2')]);
  assert.deepEqual(answers.map(({ started }) => started).sort(), [0, 2]);
  const sweep = await over('sweep-1');
  assert.deepEqual([states(sweep), sweep.trials[1]?.runs.length], [['done', 'done', 'done', 'done'], 2]);
  const again = { ...launch({ arguments: ['x=1'] }), requestId: 'retry:1:the-first-run', name: 'again' };
  const runs = await Promise.all([client.call('command.launch', again), other.call('command.launch', again)]);
  assert.equal(runs[0].runId, runs[1].runId);
});

test('what waits for a run waits for its retry, also over a restart; when the last one fails it is cancelled', async () => {
  const retry = { attempts: 1, kinds: ['error'], delaySeconds: 2 } as const;
  const first = await client.call('command.launch', {
    ...launch({ arguments: ['fails=1'], retry }),
    requestId: 'first',
    name: 'first',
  });
  const follower = await client.call('command.launch', {
    ...launch({ arguments: ['x=2'] }),
    requestId: 'follower',
    name: 'follower',
    after: [host.jobId(first.runId)],
  });
  const jobs = async () => (await client.call('queue.list', {})).jobs;
  const jobOf = async (runId: string) => (await jobs()).find((job) => job.runId === runId)!;
  await eventually(async () => (await jobs()).length === 3);
  const retried = (await jobs()).find(({ runId }) => runId !== first.runId && runId !== follower.runId)!;
  await eventually(async () => (await jobOf(follower.runId)).after?.[0] === retried.id);
  assert.equal((await jobOf(follower.runId)).state, 'waiting');
  await restart();
  assert.equal((await jobOf(follower.runId)).state, 'waiting');
  await eventually(async () => (await jobOf(follower.runId)).state === 'cancelled');
  assert.match((await jobOf(follower.runId)).failure?.message ?? '', /first-2, which did not end well/);
});
