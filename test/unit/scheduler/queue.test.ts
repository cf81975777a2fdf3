import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JobId, RunId } from '../../../src/domain/ids.ts';
import type { Job, JobState } from '../../../src/domain/job.ts';
import { startable, withReasons } from '../../../src/scheduler/plan.ts';
import * as queues from '../../../src/scheduler/queue.ts';

const facts = { now: 0 };

const slots = ['cpu', 'cuda:0', 'cuda:1'] as const;

type Action =
  | { readonly do: 'submit'; readonly slot: (typeof slots)[number]; readonly held: boolean }
  | { readonly do: 'start' }
  | { readonly do: 'run' | 'end' | 'cancel' | 'hold' | 'release'; readonly pick: number }
  | { readonly do: 'move'; readonly pick: number; readonly before: number | null };

const pick = fc.nat(30);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant('submit' as const), slot: fc.constantFrom(...slots), held: fc.boolean() }),
  fc.record({ do: fc.constant('start' as const) }),
  fc.record({
    do: fc.constantFrom('run' as const, 'end' as const, 'cancel' as const, 'hold' as const, 'release' as const),
    pick,
  }),
  fc.record({ do: fc.constant('move' as const), pick, before: fc.option(pick) }),
);

function newJob(number: number, slot: string, state: JobState): Omit<Job, 'order' | 'reason'> {
  const id = `job-${String(number).padStart(4, '0')}`;
  return {
    id: id as JobId,
    runId: id as RunId,
    runName: `run-${number}`,
    state,
    target: 'local',
    slot,
    submittedAt: number,
  };
}

/** One action on the queue; those that do not fit the job's state leave it as it is. */
function step(queue: queues.Queue, act: Action, number: number): queues.Queue {
  const taken = <T>(result: { ok: true; value: T } | { ok: false }, otherwise: T): T =>
    result.ok ? result.value : otherwise;
  if (act.do === 'submit') return queues.submit(queue, newJob(number, act.slot, act.held ? 'held' : 'waiting'));
  if (act.do === 'start')
    return startable(queue, facts).reduce((all, { job }) => taken(queues.launch(all, job.id), all), queue);
  const job = queue[act.pick];
  if (job === undefined) return queue;
  if (act.do === 'run') return taken(queues.run(queue, job.id, number), queue);
  if (act.do === 'end') return taken(queues.end(queue, job.id, number, number % 3), queue);
  if (act.do === 'cancel') return taken(queues.cancel(queue, job.id, number), queue);
  if (act.do !== 'move') return taken(queues.hold(queue, job.id, act.do === 'hold'), queue);
  const before = act.before === null ? null : (queue[act.before]?.id ?? null);
  return taken(queues.move(queue, job.id, before), queue);
}

const next: { readonly [S in JobState]: readonly JobState[] } = {
  waiting: ['waiting', 'held', 'launching', 'cancelled'],
  held: ['held', 'waiting', 'cancelled'],
  launching: ['launching', 'running', 'done'],
  running: ['running', 'done'],
  done: ['done'],
  cancelled: ['cancelled'],
};

test('whatever is done: a slot never runs two jobs, no job is lost, ended ones stay ended, every waiting one says why', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      let queue: queues.Queue = [];
      for (const [number, act] of actions.entries()) {
        const before = new Map(queue.map((job) => [job.id, job]));
        queue = withReasons(step(queue, act, number), facts);
        for (const slot of slots)
          assert.ok(queue.filter((job) => queues.isStarted(job) && job.slot === slot).length <= 1);
        for (const [id, job] of before) {
          const now = queue.find((each) => each.id === id);
          assert.ok(now !== undefined && next[job.state].includes(now.state), `${job.state} became ${now?.state}`);
        }
        for (const job of queue)
          assert.equal(
            queues.isPending(job) || job.state === 'launching',
            job.reason !== '',
            `${job.state}: "${job.reason}"`,
          );
      }
    }),
    { numRuns: 500 },
  );
});

test('moving a job puts it right before the other one and leaves the order of the rest', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9 }),
      fc.array(fc.tuple(fc.nat(8), fc.option(fc.nat(8))), { maxLength: 120 }),
      (count, moves) => {
        let queue: queues.Queue = [];
        for (let number = 0; number < count; number++) queue = queues.submit(queue, newJob(number, 'cpu', 'waiting'));
        for (const [from, to] of moves) {
          const moved = queue[from % count]!;
          const before = to === null ? undefined : queue[to % count]!;
          const others = queues
            .inOrder(queue)
            .filter(({ id }) => (id !== moved.id && id !== before?.id) || (id === before?.id && id !== moved.id))
            .map(({ id }) => id);
          const result = queues.move(queue, moved.id, before?.id ?? null);
          assert.ok(result.ok);
          const wasAt = queues.inOrder(queue).findIndex(({ id }) => id === moved.id);
          const now = queues.inOrder(result.value).map(({ id }) => id);
          assert.deepEqual(
            now.filter((id) => id !== moved.id),
            others.filter((id) => id !== moved.id),
          );
          const at = now.indexOf(moved.id);
          if (before === undefined) assert.equal(at, count - 1);
          else if (before.id === moved.id) assert.equal(at, wasAt);
          else assert.equal(now[at + 1], before.id);
          queue = result.value;
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('the first waiting job of each free slot may start; a held one lets others pass', () => {
  let queue: queues.Queue = [];
  queue = queues.submit(queue, newJob(1, 'cpu', 'held'));
  queue = queues.submit(queue, newJob(2, 'cpu', 'waiting'));
  queue = queues.submit(queue, newJob(3, 'cpu', 'waiting'));
  queue = queues.submit(queue, newJob(4, 'cuda:0', 'waiting'));
  assert.deepEqual(
    startable(queue, facts).map(({ job }) => job.runName),
    ['run-2', 'run-4'],
  );
  const launched = queues.launch(queue, 'job-0002' as JobId);
  assert.ok(launched.ok);
  assert.deepEqual(
    startable(launched.value, facts).map(({ job }) => job.runName),
    ['run-4'],
  );
  assert.equal(
    withReasons(launched.value, facts).find(({ id }) => id === 'job-0003')?.reason,
    'cpu is busy with run-2',
  );
});

test('what does not fit is refused with a sentence', () => {
  const queue = queues.submit([], newJob(1, 'cpu', 'waiting'));
  const missing = queues.cancel(queue, 'nope' as JobId, 1);
  assert.deepEqual([missing.ok, !missing.ok && missing.reason], [false, 'not-found']);
  const launched = queues.launch(queue, 'job-0001' as JobId);
  assert.ok(launched.ok);
  const moved = queues.move(launched.value, 'job-0001' as JobId, null);
  assert.deepEqual([moved.ok, !moved.ok && moved.reason], [false, 'conflict']);
  assert.equal(queues.submit(queue, newJob(1, 'cpu', 'held')), queue);
});

test('a job that waits gets another priority and starts accordingly; one that has begun keeps its own', () => {
  const jobs = (['waiting', 'waiting', 'running'] as const).map((state, index) => ({
    ...newJob(index, 'cpu', state),
    order: index + 1,
    reason: '',
  }));
  const [a, b, c] = jobs.map(({ id }) => id) as [JobId, JobId, JobId];
  const changed = queues.prioritize(jobs, b, 5);
  assert.ok(changed.ok);
  assert.deepEqual(
    queues.inOrder(changed.value).map(({ id }) => id),
    [b, a, c],
  );
  const back = queues.prioritize(changed.value, b, 0);
  assert.ok(back.ok && !('priority' in back.value[1]!));
  const refused = queues.prioritize(jobs, c, 5);
  assert.equal(refused.ok, false);
});
