import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JobId, RunId } from '../../../src/domain/ids.ts';
import type { Job } from '../../../src/domain/job.ts';
import { cancelledFollowers } from '../../../src/scheduler/dependencies.ts';
import type { GpuFacts } from '../../../src/scheduler/gpuFacts.ts';
import { planOf, startable, withReasons } from '../../../src/scheduler/plan.ts';
import * as queues from '../../../src/scheduler/queue.ts';

type NewJob = Omit<Job, 'order' | 'reason'>;

function newJob(number: number, more: Partial<NewJob> = {}): NewJob {
  const id = idOf(number);
  return {
    id,
    runId: id as string as RunId,
    runName: `run-${number}`,
    state: 'waiting',
    target: 'local',
    slot: 'cpu',
    submittedAt: number,
    ...more,
  };
}

function idOf(number: number): JobId {
  return `job-${String(number).padStart(4, '0')}` as JobId;
}

function queueOf(...jobs: readonly NewJob[]): queues.Queue {
  return jobs.reduce<queues.Queue>((queue, job) => queues.submit(queue, job), []);
}

function nth(queue: queues.Queue, number: number): Job {
  return queue.find(({ id }) => id === idOf(number))!;
}

function unwrapped<T>(result: { ok: true; value: T } | { ok: false; message: string }): T {
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

function startAll(queue: queues.Queue, gpus?: readonly GpuFacts[], now = 0): queues.Queue {
  return startable(queue, { now, gpus }).reduce(
    (all, { job, assigned }) => unwrapped(queues.launch(all, job.id, assigned)),
    queue,
  );
}

function cancelFollowers(queue: queues.Queue, now: number): queues.Queue {
  const cancelled = new Map(cancelledFollowers(queue, now).map((job) => [job.id, job]));
  return queue.map((job) => cancelled.get(job.id) ?? job);
}

const fourGpus: readonly GpuFacts[] = ['0', '1', '2', '3'].map((id) => ({ id, totalMiB: 16_384, usedMiB: 400 }));

const kinds = fc.record({
  slot: fc.constantFrom('cpu', 'cuda:0', 'cuda:3', 'any'),
  gpus: fc.option(fc.nat(5), { nil: undefined }),
  priority: fc.option(fc.integer({ min: -1, max: 2 }), { nil: undefined }),
  group: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  notBefore: fc.option(fc.nat(60), { nil: undefined }),
  after: fc.option(fc.array(fc.nat(40), { maxLength: 2 }), { nil: undefined }),
});
type Kinds = typeof kinds extends fc.Arbitrary<infer T> ? T : never;
const action = fc.oneof(
  fc.record({ do: fc.constant('submit' as const), kinds }),
  fc.record({ do: fc.constant('start' as const) }),
  fc.record({
    do: fc.constantFrom('run' as const, 'well' as const, 'badly' as const, 'requeue' as const, 'cancel' as const),
    pick: fc.nat(40),
  }),
);

function withKinds(number: number, { slot, gpus, priority, group, notBefore, after }: Kinds): NewJob {
  return newJob(number, {
    slot,
    ...(gpus === undefined ? {} : { gpus }),
    ...(priority === undefined ? {} : { priority }),
    ...(group === undefined ? {} : { group, groupLimit: 2 }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(after === undefined ? {} : { after: after.map(idOf) }),
  });
}

const failure = { kind: 'error', message: 'no', signature: 'no' } as const;

test('whatever is done: no slot, GPU or group over its capacity, dependencies and times kept, nothing lost, everything that waits says why', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      let queue: queues.Queue = [];
      for (const [now, act] of actions.entries()) {
        const before = new Map(queue.map((job) => [job.id, job]));
        queue = step(queue, act, now);
        queue = withReasons(cancelFollowers(queue, now), { now, gpus: fourGpus });
        checkCapacity(queue);
        for (const job of queue) {
          const was = before.get(job.id);
          if (queues.isStarted(job) && was?.state === 'waiting') checkStart(job, before, now);
          if (queues.isPending(job)) assert.notEqual(job.reason, '');
        }
        for (const id of before.keys())
          assert.ok(
            queue.some((job) => job.id === id),
            `${id} was lost`,
          );
      }
    }),
    { numRuns: 400 },
  );
});

function step(queue: queues.Queue, act: typeof action extends fc.Arbitrary<infer T> ? T : never, now: number) {
  if (act.do === 'submit') return queues.submit(queue, withKinds(now, act.kinds));
  if (act.do === 'start') return startAll(queue, fourGpus, now);
  const job = queue[act.pick];
  if (job === undefined) return queue;
  const result = {
    run: () => queues.run(queue, job.id, now),
    well: () => queues.end(queue, job.id, now, 0),
    badly: () => queues.end(queue, job.id, now, 1, failure),
    requeue: () => queues.queueElsewhere(queue, job.id, 'PENDING'),
    cancel: () => queues.cancel(queue, job.id, now),
  }[act.do]();
  return result.ok ? result.value : queue;
}

function checkCapacity(queue: queues.Queue): void {
  const started = queue.filter(queues.isStarted);
  const gpusInUse = started.flatMap((job) =>
    job.assigned !== undefined ? job.assigned : job.slot.startsWith('cuda:') ? [job.slot.slice(5)] : [],
  );
  assert.equal(new Set(gpusInUse).size, gpusInUse.length, `GPUs given twice: ${gpusInUse}`);
  const slots = started.filter((job) => job.slot !== 'any' && (job.gpus ?? 0) === 0).map(({ slot }) => slot);
  assert.equal(new Set(slots).size, slots.length, `slots given twice: ${slots}`);
  for (const group of ['a', 'b']) assert.ok(started.filter((job) => job.group === group).length <= 2);
}

function checkStart(job: Job, before: ReadonlyMap<JobId, Job>, now: number): void {
  assert.ok((job.notBefore ?? 0) <= now, 'too early');
  for (const id of job.after ?? []) assert.ok(queues.endedWell(before.get(id)!), `${id} has not ended well`);
  if ((job.gpus ?? 0) > 0) assert.equal(job.assigned?.length, job.gpus);
  const overtaken = [...before.values()].filter(
    (other) =>
      other.state === 'waiting' &&
      other.slot === job.slot &&
      (other.gpus ?? 0) === (job.gpus ?? 0) &&
      other.group === undefined &&
      other.after === undefined &&
      (other.notBefore ?? 0) <= now &&
      (other.gpus ?? 0) <= fourGpus.length &&
      ((other.priority ?? 0) > (job.priority ?? 0) ||
        ((other.priority ?? 0) === (job.priority ?? 0) && other.order < job.order)),
  );
  for (const other of overtaken) {
    // Whatever stood before it and could start has started in the same step, or shares nothing with it.
    const shares = other.slot !== 'any' && (job.gpus ?? 0) === 0;
    assert.ok(!shares, `${job.runName} overtook ${other.runName}`);
  }
}

test('jobs get GPUs that are free, one does not get what another program fills, and the reason says which is busy with what', () => {
  const gpus = fourGpus.map((gpu) => (gpu.id === '1' ? { ...gpu, usedMiB: 14_336 } : gpu));
  let queue = queueOf(newJob(1, { gpus: 1, slot: 'gpu' }), newJob(2, { gpus: 1, slot: 'gpu' }));
  queue = startAll(queue, gpus);
  assert.deepEqual([nth(queue, 1).assigned, nth(queue, 2).assigned], [['0'], ['2']]);
  queue = queues.submit(queue, newJob(3, { gpus: 2, slot: 'gpu' }));
  queue = queues.submit(queue, newJob(4, { gpus: 1, slot: 'gpu' }));
  queue = queues.submit(queue, newJob(5, { gpus: 8, slot: 'gpu' }));
  queue = queues.submit(queue, newJob(6, { slot: 'cuda:0' }));
  queue = withReasons(queue, { now: 0, gpus });
  assert.equal(
    nth(queue, 3).reason,
    '2 GPUs are needed, 1 of 4 is free; 0 is busy with run-1, 1 has only 2 of 16 GiB free, 2 is busy with run-2',
  );
  assert.equal(nth(queue, 4).reason, 'waits behind run-3', 'smaller jobs do not overtake one that needs many');
  assert.equal(nth(queue, 5).reason, '8 GPUs are needed, and this machine has 4');
  assert.equal(nth(queue, 6).reason, 'cuda:0 is busy with run-1', 'a slot of a recipe is the same GPU');
  queue = startAll(unwrapped(queues.end(queue, idOf(1), 5, 0)), gpus);
  assert.deepEqual(nth(queue, 3).assigned, ['0', '3']);
});

test('nobody has looked at the GPUs yet, there is none, and a job for none sees none', () => {
  const queue = queueOf(newJob(1, { gpus: 1, slot: 'gpu' }), newJob(2, { gpus: 0 }));
  const reason = (gpus?: readonly GpuFacts[]) => nth(withReasons(queue, { now: 0, gpus }), 1).reason;
  assert.equal(reason(undefined), 'the GPUs of this machine are being looked at');
  assert.equal(reason([]), '1 GPU is needed, and none was found on this machine');
  assert.deepEqual(
    startable(queue, { now: 0, gpus: [] }).map(({ job, assigned }) => [job.runName, assigned]),
    [['run-2', []]],
  );
});

test('a job waits until those before it ended well; a bad end cancels followers of followers, with the names', () => {
  const chain = queueOf(
    newJob(1),
    newJob(2, { after: [idOf(1)] }),
    newJob(3, { after: [idOf(2)] }),
    newJob(4, { after: [idOf(99)] }),
  );
  let queue = withReasons(startAll(chain), { now: 0 });
  assert.equal(nth(queue, 2).reason, 'waits for run-1 to end well');
  queue = withReasons(cancelFollowers(unwrapped(queues.end(queue, idOf(1), 7, 3, failure)), 8), { now: 8 });
  assert.deepEqual(
    [2, 3, 4].map((number) => nth(queue, number).state),
    ['cancelled', 'cancelled', 'cancelled'],
  );
  assert.match(
    nth(queue, 2).reason,
    /^It waited for run-1, which did not end well \(no\)\. Launching run-1 again does not/,
  );
  assert.match(nth(queue, 3).reason, /^It waited for run-2, which was cancelled \(It waited for run-1, which did not/);
  assert.match(nth(queue, 4).reason, /job-0099, which was cancelled \(the queue does not know it\)/);
  const well = startAll(cancelFollowers(unwrapped(queues.end(startAll(chain), idOf(1), 7, 0)), 8));
  assert.equal(nth(well, 2).state, 'launching');
});

test('a retry waits for its time, a group for its members, a higher priority comes first', () => {
  const queue = queueOf(
    newJob(1, { slot: 'any', group: 'sweep', groupLimit: 1 }),
    newJob(2, { slot: 'any', group: 'sweep', groupLimit: 1 }),
    newJob(3, { slot: 'any', notBefore: 100 }),
    newJob(4, { slot: 'cpu' }),
    newJob(5, { slot: 'cpu', priority: 2 }),
  );
  assert.deepEqual(
    startable(queue, { now: 99 }).map(({ job }) => job.runName),
    ['run-5', 'run-1'],
  );
  const told = withReasons(startAll(queue, undefined, 99), { now: 99 });
  assert.equal(nth(told, 2).reason, '1 of its group may run at once');
  assert.match(nth(told, 3).reason, /^is tried again at \d\d:\d\d:\d\d$/);
  assert.equal(nth(told, 4).reason, 'cpu is busy with run-5');
  assert.deepEqual(
    startable(told, { now: 100 }).map(({ job }) => job.runName),
    ['run-3'],
  );
});

test('a job that is put before one of another priority takes that priority, and stands where it was put', () => {
  const queue = queueOf(newJob(1), newJob(2, { priority: 3 }), newJob(3, { priority: 3 }), newJob(4));
  const moved = unwrapped(queues.move(queue, idOf(4), idOf(3)));
  assert.deepEqual(
    queues.inOrder(moved).map(({ runName }) => runName),
    ['run-2', 'run-4', 'run-3', 'run-1'],
  );
  const last = unwrapped(queues.move(moved, idOf(2), null));
  assert.deepEqual(
    queues.inOrder(last).map(({ runName }) => runName),
    ['run-4', 'run-3', 'run-1', 'run-2'],
  );
});

test('what a scheduler elsewhere says of its queue is the reason, also when it takes a running job back', () => {
  let queue = startAll(queueOf(newJob(1, { target: 'slurm', slot: 'any' })));
  assert.equal(nth(withReasons(queue, { now: 0 }), 1).reason, 'is being started');
  queue = unwrapped(queues.queueElsewhere(queue, idOf(1), 'SLURM 4711: PENDING, Resources'));
  assert.equal(nth(withReasons(queue, { now: 0 }), 1).reason, 'SLURM 4711: PENDING, Resources');
  queue = unwrapped(queues.run(queue, idOf(1), 5));
  assert.equal(nth(withReasons(queue, { now: 0 }), 1).reason, '');
  queue = unwrapped(queues.queueElsewhere(queue, idOf(1), 'SLURM 4711: PENDING, Preempted'));
  assert.deepEqual([nth(queue, 1).state, nth(queue, 1).startedAt], ['launching', 5]);
});

test('far behind, the reason is one sentence, so that the end of a job does not change thousands of rows', () => {
  const jobs = Array.from({ length: 2_000 }, (_, number) => newJob(number));
  const before = withReasons(startAll(queueOf(...jobs.slice(0, 1_000))), { now: 0 });
  const after = withReasons(startAll(unwrapped(queues.end(before, idOf(0), 1, 0))), { now: 0 });
  const changed = after.filter((job, index) => job !== before[index]).length;
  assert.ok(changed < 60, `${changed} jobs changed`);
  assert.equal(planOf(after, { now: 0 }).starts.length, 0);
});
