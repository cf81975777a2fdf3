import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JobId, RunId } from '../../../../src/domain/ids.ts';
import type { Job, JobState } from '../../../../src/domain/job.ts';
import {
  collectJobs,
  describeJob,
  dropMoves,
  isMovable,
  jobContext,
  jobTooltip,
  neighbour,
} from '../../../../src/extension/queue/model.ts';

function job(id: string, order: number, state: JobState = 'waiting'): Job {
  return {
    id: id as JobId,
    runId: id as RunId,
    runName: id,
    state,
    target: 'local',
    slot: 'cpu',
    order,
    reason: '',
    submittedAt: 1000,
  };
}

const queue = [job('c', 3), job('a', 1), job('run', 0, 'running'), job('b', 2, 'held'), job('old', -1, 'done')];

/** What the worker does with a move: takes the job out and puts it before the other one. */
function moved(ids: readonly string[], jobId: string, before: string | null): string[] {
  const rest = ids.filter((id) => id !== jobId);
  const at = before === null ? rest.length : rest.indexOf(before);
  return [...rest.slice(0, at), jobId, ...rest.slice(at)];
}

test('what runs stands on top, then the queue in its order; what has ended is left out', () => {
  assert.deepEqual(
    collectJobs(queue).map(({ job: { id } }) => id),
    ['run', 'a', 'b', 'c'],
  );
});

test('one place up or down names the right neighbour, and the ends have none', () => {
  const order = ['a', 'b', 'c'];
  const after = (id: string, direction: 'up' | 'down'): string[] | undefined => {
    const place = neighbour(queue, id as JobId, direction);
    return place === undefined ? undefined : moved(order, id, place.before);
  };
  assert.deepEqual(after('b', 'up'), ['b', 'a', 'c']);
  assert.deepEqual(after('b', 'down'), ['a', 'c', 'b']);
  assert.deepEqual(after('a', 'down'), ['b', 'a', 'c']);
  assert.equal(after('a', 'up'), undefined);
  assert.equal(after('c', 'down'), undefined);
  assert.equal(after('run', 'down'), undefined);
});

test('dropped jobs stand together before the target in their old order, and the others keep theirs', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const jobs = ids.map((id, index) => job(id, index));
  fc.assert(
    fc.property(fc.subarray(ids, { minLength: 1 }), fc.option(fc.constantFrom(...ids)), (dragged, target) => {
      let order = ids;
      for (const move of dropMoves(jobs, dragged as JobId[], target as JobId | null))
        order = moved(order, move.jobId, move.before);
      const rest = ids.filter((id) => !dragged.includes(id));
      const before = target === null ? undefined : ids.slice(ids.indexOf(target)).find((id) => !dragged.includes(id));
      const at = before === undefined ? rest.length : rest.indexOf(before);
      assert.deepEqual(order, [...rest.slice(0, at), ...dragged, ...rest.slice(at)]);
    }),
  );
});

test('a job says where it belongs and why it waits', () => {
  const waiting = { ...job('a', 1), reason: 'cpu is busy with mnist-1' };
  assert.equal(
    describeJob({ kind: 'job', runId: waiting.runId, job: waiting }, 1120),
    'cpu · cpu is busy with mnist-1 · 2 min ago',
  );
  assert.equal(jobContext(waiting), 'job waiting movable');
  assert.equal(jobContext(job('r', 1, 'running')), 'job running');
  assert.equal(isMovable(job('h', 1, 'held')), true);
});

test('a row says which GPUs, which target and which priority, and the tooltip what it waits for', () => {
  const describe = (change: Partial<Job>): string => {
    const one = { ...job('a', 1), reason: 'waits', ...change };
    return describeJob({ kind: 'job', runId: one.runId, job: one }, 1000);
  };
  assert.equal(describe({ slot: 'any', gpus: 2 }), '2 GPUs · waits · just now');
  assert.equal(describe({ slot: 'any', gpus: 2, assigned: ['0', '3'] }), 'GPU 0, 3 · waits · just now');
  assert.equal(describe({ target: 'slurm', slot: 'any', priority: 5 }), 'slurm · waits · priority 5 · just now');
  const waiting = { ...job('b', 2), after: ['a' as JobId, 'gone' as JobId], groupLimit: 2 };
  const text = jobTooltip(waiting, new Map([['a' as JobId, 'prepare-1']]));
  assert.match(text, /After prepare-1, gone/);
  assert.match(text, /At most 2 of its group/);
});

test('higher priority stands first, and moves go by what is shown', () => {
  const jobs = [job('a', 1), { ...job('b', 2), priority: 1 }, { ...job('c', 3), priority: 1 }];
  assert.deepEqual(
    collectJobs(jobs).map((node) => node.job.id),
    ['b', 'c', 'a'],
  );
  assert.deepEqual(neighbour(jobs, 'a' as JobId, 'up'), { before: 'c' });
  assert.equal(neighbour(jobs, 'b' as JobId, 'up'), undefined);
});
