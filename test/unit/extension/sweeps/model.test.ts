import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure } from '../../../../src/domain/failure.ts';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { Sweep, Trial, TrialState } from '../../../../src/domain/sweep.ts';
import { trialStates } from '../../../../src/domain/sweep.ts';
import {
  collectSweeps,
  describeSweep,
  describeTrial,
  failureGroups,
  failurePlace,
  ledgerMarkdown,
  type SweepsNode,
  suggestEdit,
  sweepChildren,
  sweepContext,
  sweepState,
} from '../../../../src/extension/sweeps/model.ts';

const oom: Failure = {
  kind: 'oom',
  message: 'CUDA out of memory',
  signature: 'oom:train',
  file: '/lab/train.py',
  line: 41,
};
const limit: Failure = { kind: 'time-limit', message: 'TIMEOUT', signature: 'time-limit' };

function trial(index: number, state: TrialState, change: Partial<Trial> = {}): Trial {
  return {
    index,
    overrides: [`lr=${index}`],
    state,
    runs: state === 'missing' ? [] : [`r${index}` as RunId],
    ...change,
  };
}

function makeSweep(trials: readonly Trial[], change: Partial<Sweep> = {}): Sweep {
  const counts = Object.fromEntries(
    trialStates.map((state) => [state, trials.filter((one) => one.state === state).length]),
  );
  return {
    id: 's1',
    name: 'lr-1',
    folder: '/lab',
    createdAt: 100,
    request: {
      requestId: 'q',
      launch: { requestId: 'l', folder: '/lab', entry: 'e', arguments: [], target: { name: 'local' } },
      axes: [{ key: 'lr', values: ['0', '1'] }],
      search: 'grid',
      metric: 'val/loss',
    },
    trials,
    counts: counts as Sweep['counts'],
    paused: false,
    ...change,
  };
}

const mixed = makeSweep([
  trial(0, 'done', { value: 0.25 }),
  trial(1, 'failed', { failure: oom }),
  trial(2, 'failed', { failure: { ...oom, message: 'CUDA out of memory. Tried 2 GiB' } }),
  trial(3, 'failed', { failure: limit }),
  trial(4, 'failed'),
  trial(5, 'running'),
  trial(6, 'missing'),
]);

const titles = (nodes: readonly SweepsNode[]): unknown[] =>
  nodes.map((node) => {
    if (node.kind === 'state') return node.state;
    if (node.kind === 'failure') return [node.group.failure.kind, ...node.group.trials];
    return node.kind === 'trial' ? node.trial.index : node.sweep.name;
  });

test('the latest sweep comes first; states stand below it, what needs a person first', () => {
  const [newer, older] = collectSweeps([mixed, makeSweep([], { id: 's2', name: 'seeds', createdAt: 200 })]);
  assert.deepEqual([newer?.sweep.name, older?.sweep.name], ['seeds', 'lr-1']);
  assert.deepEqual(titles(sweepChildren(older!)), ['failed', 'missing', 'running', 'done']);
});

test('failed trials stand together by their cause; one without a known cause stands for itself', () => {
  const [failed] = sweepChildren({ kind: 'sweep', sweep: mixed });
  const nodes = sweepChildren(failed!);
  assert.deepEqual(titles(nodes), [['oom', 1, 2], ['time-limit', 3], 4]);
  assert.deepEqual(titles(sweepChildren(nodes[0]!)), [1, 2]);
  assert.deepEqual(failureGroups(mixed)[0]?.trials, [1, 2]);
  assert.equal(failurePlace(oom), 'train.py:41');
});

test('rows say how far it is and what can be done', () => {
  assert.equal(describeSweep(mixed), '1/7 done · 4 failed · 1 missing · 1 running');
  assert.equal(describeSweep(makeSweep([], { paused: true })), '0/0 done · paused');
  assert.equal(sweepContext(mixed), 'sweep hasFailed hasMissing hasTimedOut going');
  assert.equal(sweepState(mixed), 'running');
  assert.equal(sweepState(makeSweep([trial(0, 'done')])), 'done');
  assert.equal(describeTrial({ kind: 'trial', sweep: mixed, trial: mixed.trials[0]! }), '#0 · val/loss 0.25');
});

test('a search counts the trials that it will make', () => {
  const search = makeSweep([trial(0, 'done')], { request: { ...mixed.request, search: 'tpe', trials: 20 } });
  assert.match(describeSweep(search), /^1\/20 done/);
});

test('half the batch is suggested to runs that were out of memory, and nothing to others', () => {
  const leaves = [
    ['optimizer.lr', 0.1],
    ['data.batch_size', 33],
  ] as const;
  assert.equal(suggestEdit(oom, leaves), 'data.batch_size=16');
  assert.equal(suggestEdit(oom, [['dataloaders.train.batchsize', 2]]), 'dataloaders.train.batchsize=1');
  assert.equal(
    suggestEdit(oom, [
      ['batch_size', 1],
      ['big_batch_size_note', 4],
    ]),
    undefined,
  );
  assert.equal(suggestEdit(limit, leaves), undefined);
});

test('the ledger has a row for each trial, with every value in a column of its own', () => {
  const text = ledgerMarkdown(mixed);
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  assert.equal(rows.length, 2 + mixed.trials.length);
  assert.match(rows[0]!, /^\| # \| State \| lr \| val\/loss \| Runs \| Failure \|$/);
  assert.match(rows[3]!, /failed \| 1 \|.*oom: CUDA out of memory/);
});

test('a sweep that is over can neither be paused nor continued', () => {
  const context = (trials: readonly Trial[], change: Partial<Sweep> = {}): string =>
    sweepContext(makeSweep(trials, change));
  assert.match(context([trial(0, 'done')]), /\bover$/);
  assert.match(context([trial(0, 'done'), trial(1, 'waiting')]), /\bgoing$/);
  const search = { ...mixed.request, search: 'random' as const, trials: 3 };
  assert.match(context([trial(0, 'done')], { request: search }), /\bgoing$/);
  assert.match(context([trial(0, 'waiting')], { paused: true }), /\bpaused$/);
});
