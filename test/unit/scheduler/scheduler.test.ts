import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobId, RunId } from '../../../src/domain/ids.ts';
import type { Job } from '../../../src/domain/job.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../../../src/launch/target.ts';
import type { QueueStore, StoredJob } from '../../../src/scheduler/jobBoard.ts';
import { Scheduler, type SchedulerOptions } from '../../../src/scheduler/scheduler.ts';

/** A stand-in for a target: what it says of a job is what the test says. */
class ToldTarget implements LaunchTarget {
  readonly name = 'local';
  readonly started: RunId[] = [];
  readonly #said = new Map<RunId, JobPresence>();

  async start({ runId }: JobPlace): Promise<void> {
    this.started.push(runId);
  }

  inspect({ runId }: JobPlace): JobPresence {
    return this.#said.get(runId) ?? { kind: 'running', startedAt: 1, detail: '' };
  }

  stop(): void {}

  end(id: JobId, exitCode: number): void {
    this.#said.set(id as string as RunId, { kind: 'ended', exitCode, endedAt: 5, detail: `exit code ${exitCode}` });
  }
}

/** A queue on a "disk" that counts its writes and can be full. */
class CountedStore implements QueueStore {
  readonly rows = new Map<JobId, StoredJob>();
  writes = 0;
  isFull = false;

  load(): readonly StoredJob[] {
    return [...this.rows.values()];
  }

  save(jobs: readonly StoredJob[]): void {
    if (this.isFull) throw new Error('the disk is full');
    this.writes++;
    for (const row of jobs) this.rows.set(row.job.id, row);
  }
}

function setUp(options: Partial<SchedulerOptions> = {}) {
  const store = new CountedStore();
  const target = new ToldTarget();
  const scheduler = new Scheduler({ store, targets: [target], complain: assert.fail, now: () => 9, ...options });
  return { store, target, scheduler };
}

function newJob(name: string, more: Partial<Job> = {}): Omit<Job, 'order' | 'reason'> {
  return {
    id: name as JobId,
    runId: name as RunId,
    runName: name,
    state: 'waiting',
    target: 'local',
    slot: 'cpu',
    submittedAt: 0,
    ...more,
  };
}

const id = (name: string) => name as JobId;
const states = (scheduler: Scheduler) => scheduler.jobs.map(({ id: each, state }) => `${each} ${state}`);

test('a round is written once: what ended, what starts, and what was submitted with it', (t) => {
  const { store, target, scheduler } = setUp();
  t.after(() => scheduler.dispose());
  scheduler.submit(newJob('a'), '/runs/a');
  assert.deepEqual([store.writes, target.started], [1, ['a']]);
  scheduler.submit(newJob('b'), '/runs/b');
  scheduler.tick();
  assert.deepEqual(states(scheduler), ['a running', 'b waiting']);
  assert.equal(scheduler.find(id('b'))?.reason, 'cpu is busy with a');
  const before = store.writes;
  const ended: string[] = [];
  scheduler.onEnded(({ job }) => ended.push(`${job.id} ${job.state} on disk ${store.rows.get(job.id)?.job.state}`));
  target.end(id('a'), 0);
  scheduler.tick();
  assert.equal(store.writes, before + 1);
  assert.deepEqual(target.started, ['a', 'b']);
  assert.deepEqual(ended, ['a done on disk done']);
  assert.equal(store.rows.get(id('b'))?.job.state, 'launching');
  scheduler.tick();
  const quiet = store.writes;
  scheduler.tick();
  assert.equal(store.writes, quiet);
});

test('what cannot be written did not happen: nothing starts, nobody is told, and the round is made again', (t) => {
  const { store, target, scheduler } = setUp();
  t.after(() => scheduler.dispose());
  scheduler.submit(newJob('a'), '/runs/a');
  scheduler.submit(newJob('b'), '/runs/b');
  scheduler.tick();
  const ended: string[] = [];
  scheduler.onEnded(({ job }) => ended.push(job.id));
  store.isFull = true;
  target.end(id('a'), 1);
  assert.throws(() => scheduler.tick(), /disk is full/);
  assert.deepEqual(states(scheduler), ['a running', 'b waiting']);
  assert.throws(() => scheduler.cancel(id('b')), /disk is full/);
  assert.throws(() => scheduler.submit(newJob('c'), '/runs/c'), /disk is full/);
  assert.deepEqual(states(scheduler), ['a running', 'b waiting']);
  assert.deepEqual([ended, target.started], [[], ['a']]);
  store.isFull = false;
  scheduler.tick();
  assert.deepEqual(states(scheduler), ['a done', 'b launching']);
  assert.deepEqual([ended, target.started], [['a'], ['a', 'b']]);
});

test('what waits for a job waits for its retry, and for the retry of that; without one it is cancelled', (t) => {
  const due = new Set<JobId>();
  const { store, target, scheduler } = setUp({ isRetryDue: (job) => due.has(job.id) });
  t.after(() => scheduler.dispose());
  scheduler.submit(newJob('prepare'), '/runs/prepare');
  scheduler.submit(newJob('train', { after: [id('prepare')] }), '/runs/train');
  due.add(id('prepare'));
  target.end(id('prepare'), 1);
  scheduler.tick();
  assert.deepEqual(states(scheduler), ['prepare done', 'train waiting']);
  scheduler.submit(newJob('prepare-2'), '/runs/prepare-2');
  scheduler.retried(id('prepare'), id('prepare-2'));
  assert.deepEqual(store.rows.get(id('train'))?.job.after, ['prepare-2']);
  scheduler.submit(newJob('evaluate', { after: [id('prepare')] }), '/runs/evaluate');
  assert.deepEqual(scheduler.find(id('evaluate'))?.after, ['prepare-2']);
  due.add(id('prepare-2'));
  target.end(id('prepare-2'), 1);
  scheduler.submit(newJob('prepare-3'), '/runs/prepare-3');
  scheduler.retried(id('prepare-2'), id('prepare-3'));
  assert.deepEqual(scheduler.find(id('train'))?.after, ['prepare-3']);
  target.end(id('prepare-3'), 1);
  scheduler.tick();
  scheduler.tick();
  assert.deepEqual(states(scheduler).slice(1, 2), ['train cancelled']);
  assert.match(scheduler.find(id('train'))?.reason ?? '', /prepare-3, which did not end well/);
  assert.equal(scheduler.find(id('evaluate'))?.state, 'cancelled');
});

test('a retry that will not come any more frees those that wait to be told', (t) => {
  let isDue = true;
  const { target, scheduler } = setUp({ isRetryDue: () => isDue });
  t.after(() => scheduler.dispose());
  scheduler.submit(newJob('a'), '/runs/a');
  scheduler.submit(newJob('b', { after: [id('a')] }), '/runs/b');
  target.end(id('a'), 1);
  scheduler.tick();
  assert.deepEqual(states(scheduler), ['a done', 'b waiting']);
  isDue = false;
  scheduler.retryIsOff();
  assert.deepEqual(states(scheduler), ['a done', 'b cancelled']);
});
