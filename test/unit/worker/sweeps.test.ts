import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { SweepRequest } from '../../../src/domain/sweep.ts';
import { client, host, restart } from './openWorker.ts';
import { grid, launch, over, states, sweepOf } from './sweepSupport.ts';
import { eventually } from './testWorker.ts';

test('a bad night is repaired: failures in groups with their place, one edit for the group, and the ledger is full', async () => {
  const preview = await client.call('sweeps.preview', grid());
  assert.deepEqual([preview.total, preview.problems], [4, []]);
  assert.deepEqual(preview.trials[1], ['x=1', 'batch_size=64']);
  host.write('train.py', '# the file of the traceback\n');
  const { sweep } = await client.call('sweeps.start', grid());
  assert.equal((await client.call('sweeps.start', grid())).sweep.id, sweep.id);
  const bad = await over(sweep.id);
  assert.deepEqual(states(bad), ['done', 'failed', 'done', 'failed']);
  assert.deepEqual(
    bad.trials.map(({ value }) => value),
    [4, undefined, 1, undefined],
  );
  const { groups } = await client.call('sweeps.failures', { sweepId: sweep.id });
  assert.equal(groups.length, 1);
  const [group] = groups;
  assert.deepEqual(
    [group?.trials, group?.failure.kind, group?.failure.line, group?.failure.file],
    [[1, 3], 'oom', 12, path.join(host.folder, 'train.py')],
  );
  const relaunch = {
    sweepId: sweep.id,
    which: group!.trials,
    edits: ['batch_size=32'],
    requestId: 'repair',
  } as const;
  assert.equal((await client.call('sweeps.relaunch', relaunch)).started, 2);
  const good = await over(sweep.id);
  assert.deepEqual(good.counts, { missing: 0, waiting: 0, running: 0, done: 4, failed: 0 });
  assert.deepEqual(
    good.trials.map(({ runs, value }) => [runs.length, value]),
    [
      [1, 4],
      [2, 4],
      [1, 1],
      [2, 1],
    ],
  );
  assert.equal((await client.call('sweeps.relaunch', relaunch)).started, 2, 'asked again, it says the same');
  assert.equal((await over(sweep.id)).trials[1]?.runs.length, 2, 'and launches nothing');
  const run = await client.call('runs.get', { runId: good.trials[1]!.runs[1]! });
  assert.deepEqual([run.name, run.labels, run.resumedFrom], ['lr-t1-2', ['lr'], good.trials[1]!.runs[0]]);
  const record = JSON.parse(readFileSync(path.join(run.path, 'launch.json'), 'utf8'));
  assert.deepEqual(record.command.slice(-2), ['x=1', 'batch_size=32'], 'the edit takes the place of the key');
});

test('the ledger survives restarts and deleted runs, which are missing and can be filled in', async () => {
  const { sweep } = await client.call('sweeps.start', grid({ concurrency: 1 }));
  await eventually(async () => (await sweepOf(sweep.id)).counts.done > 0);
  await restart();
  const finished = await over(sweep.id);
  assert.deepEqual(states(finished), ['done', 'failed', 'done', 'failed']);
  const lost = await client.call('runs.get', { runId: finished.trials[0]!.runs[0]! });
  rmSync(lost.path, { recursive: true });
  assert.deepEqual(states(await sweepOf(sweep.id)), ['missing', 'failed', 'done', 'failed']);
  const { started } = await client.call('sweeps.relaunch', { sweepId: sweep.id, which: 'missing', requestId: 'fill' });
  assert.equal(started, 1);
  assert.deepEqual(states(await over(sweep.id)), ['done', 'failed', 'done', 'failed']);
});

test('no more than the given number run at once, a paused sweep starts nothing, and a cancelled trial is missing', async () => {
  const { sweep } = await client.call(
    'sweeps.start',
    grid({ launch: launch({ arguments: ['slow=1'] }), concurrency: 1 }),
  );
  await eventually(async () => (await sweepOf(sweep.id)).counts.running === 1);
  const paused = (await client.call('sweeps.pause', { sweepId: sweep.id, paused: true })).sweep;
  assert.equal(paused.paused, true);
  const { jobs } = await client.call('queue.list', {});
  assert.equal(jobs.filter(({ state }) => state === 'running' || state === 'launching').length, 1);
  const held = jobs.filter(({ state }) => state === 'held');
  assert.ok(held.length >= 1, 'what waited is held');
  await client.call('queue.cancel', { jobId: held[0]!.id });
  await client.call('runs.stop', { runId: paused.trials[0]!.runs[0]!, force: true });
  await eventually(async () => (await sweepOf(sweep.id)).counts.failed === 1);
  const now = await sweepOf(sweep.id);
  assert.equal(now.counts.running, 0, 'nothing follows while it is paused');
  assert.equal(now.trials[0]?.failure?.kind, 'interrupted');
  assert.equal(now.trials.find(({ runs }) => runs.includes(held[0]!.runId))?.state, 'missing');
});

test('a search draws each trial from what those before it gave', async () => {
  const request: SweepRequest = {
    requestId: 'search',
    name: 'search',
    launch: launch(),
    axes: [{ key: 'x', low: -10, high: 10 }],
    search: 'tpe',
    trials: 13,
    seed: 3,
    metric: 'loss',
    direction: 'minimize',
  };
  await client.call('sweeps.start', request);
  const sweep = await over('search');
  assert.equal(sweep.counts.done, 13);
  for (const { overrides, value } of sweep.trials) {
    const x = Number(overrides[0]!.slice(2));
    assert.ok(Math.abs(value! - (x - 3) ** 2) < 1e-4 * Math.max(1, value!), `x=${x} gave ${value}`);
  }
  const distance = (from: number, to: number) =>
    sweep.trials.slice(from, to).reduce((sum, { value }) => sum + Math.sqrt(value!), 0) / (to - from);
  assert.ok(distance(10, 13) < distance(0, 10), 'later trials are nearer to the minimum than the drawn ones');
});

test('why a trial could not be launched stands in the ledger, after a restart too, until it is launched', async () => {
  const cwd = path.join(host.folder, 'later');
  await client.call('sweeps.start', grid({ launch: launch({ cwd }), axes: [{ key: 'x', values: ['1'] }] }));
  const refused = await over('sweep-1');
  assert.deepEqual(states(refused), ['missing']);
  assert.match(refused.trials[0]?.failure?.message ?? '', /^It could not be launched: .*later/);
  await restart();
  assert.deepEqual((await sweepOf('sweep-1')).trials[0]?.failure, refused.trials[0]?.failure);
  mkdirSync(cwd);
  await client.call('sweeps.relaunch', { sweepId: 'sweep-1', which: 'missing', requestId: 'fill' });
  const filled = await over('sweep-1');
  assert.deepEqual([states(filled), filled.trials[0]?.failure], [['done'], undefined]);
});

test('what is wrong with a sweep is said all at once, and nothing is made', async () => {
  const wrong = grid({
    axes: [
      { key: 'x', values: [] },
      { key: 'lr', low: 0, high: 1, log: true },
      { key: 'n', low: 5, high: 2 },
    ],
    search: 'tpe',
    concurrency: 0,
  });
  const { metric: _, ...request } = wrong;
  const { problems } = await client.call('sweeps.preview', request);
  const all = problems.join('\n');
  for (const part of [
    'x has no values',
    'above 0',
    'lower bound of n, 5',
    'at least 1',
    'Name the metric',
    'how many trials',
  ])
    assert.ok(all.includes(part), `${part}:\n${all}`);
  await assert.rejects(client.call('sweeps.start', request), { code: 'bad-config' });
  await assert.rejects(client.call('sweeps.failures', { sweepId: 'none' }), { code: 'not-found' });
  assert.deepEqual((await client.call('sweeps.list', {})).sweeps, []);
});
