import { fail, ok, type Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job, JobState } from '../domain/job.ts';

/** The queue at one moment. Every function here gives a new one; nothing is changed in place. */
export type Queue = readonly Job[];

export type QueueProblem = 'not-found' | 'conflict';

const startedStates: ReadonlySet<JobState> = new Set(['launching', 'running']);
const pendingStates: ReadonlySet<JobState> = new Set(['waiting', 'held']);

/** Whether the job has, or may have, a process. */
export function isStarted(job: Job): boolean {
  return startedStates.has(job.state);
}

/** Whether the job has not begun and may still begin. */
export function isPending(job: Job): boolean {
  return pendingStates.has(job.state);
}

/** Adds a job behind all others. An id that is there already changes nothing. */
export function submit(queue: Queue, job: Omit<Job, 'order' | 'reason'>): Queue {
  if (queue.some(({ id }) => id === job.id)) return queue;
  return withReasons([...queue, { ...job, order: lastOrder(queue) + 1, reason: '' }]);
}

/** The jobs that may start now: per free slot the first one that waits. */
export function startable(queue: Queue): readonly Job[] {
  const taken = new Set(queue.filter(isStarted).map(slotOf));
  const chosen: Job[] = [];
  for (const job of inOrder(queue)) {
    if (job.state !== 'waiting' || taken.has(slotOf(job))) continue;
    taken.add(slotOf(job));
    chosen.push(job);
  }
  return chosen;
}

/** Waiting → launching: written down before anything starts. */
export function launch(queue: Queue, id: JobId): Result<Queue, QueueProblem> {
  return change(queue, id, ['waiting'], (job) => ({ ...job, state: 'launching' }));
}

/** Launching → running; a running one stays so. */
export function run(queue: Queue, id: JobId, startedAt: number): Result<Queue, QueueProblem> {
  return change(queue, id, ['launching', 'running'], (job) => ({
    ...job,
    state: 'running',
    startedAt: job.startedAt ?? startedAt,
  }));
}

/** Launching or running → done. */
export function end(queue: Queue, id: JobId, endedAt: number, exitCode?: number): Result<Queue, QueueProblem> {
  return change(queue, id, ['launching', 'running'], (job) => ({
    ...job,
    state: 'done',
    endedAt,
    ...(exitCode === undefined ? {} : { exitCode }),
  }));
}

/** Waiting ↔ held. Holding a held job changes nothing. */
export function hold(queue: Queue, id: JobId, held: boolean): Result<Queue, QueueProblem> {
  return change(queue, id, ['waiting', 'held'], (job) => ({ ...job, state: held ? 'held' : 'waiting' }));
}

/** Waiting or held → cancelled. A job that has begun is stopped instead. */
export function cancel(queue: Queue, id: JobId, now: number): Result<Queue, QueueProblem> {
  return change(queue, id, ['waiting', 'held'], (job) => ({ ...job, state: 'cancelled', endedAt: now }));
}

/** Puts a pending job before another one, or last where `before` is null. Only its own number changes, unless numbers have run together. */
export function move(queue: Queue, id: JobId, before: JobId | null): Result<Queue, QueueProblem> {
  const moved = queue.find((job) => job.id === id);
  if (moved === undefined) return noSuchJob(id);
  if (!isPending(moved))
    return fail('conflict', `${moved.runName} has begun, so its place in the queue cannot change.`);
  if (before === id) return ok(queue);
  const others = inOrder(queue.filter((job) => job.id !== id));
  const at = before === null ? others.length : others.findIndex((job) => job.id === before);
  if (at < 0) return noSuchJob(before as JobId);
  const order = orderBetween(others[at - 1], others[at]);
  if (order !== undefined) return ok(withReasons(queue.map((job) => (job.id === id ? { ...job, order } : job))));
  const renumbered = [...others.slice(0, at), moved, ...others.slice(at)].map((job, index) => ({
    ...job,
    order: index + 1,
  }));
  return ok(withReasons(renumbered));
}

/** Jobs by their order; ids, which sort by time, decide between equal numbers. */
export function inOrder(queue: Queue): readonly Job[] {
  return [...queue].sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
}

/** The queue with each job's reason said anew. */
export function withReasons(queue: Queue): Queue {
  const holders = new Map(queue.filter(isStarted).map((job) => [slotOf(job), job]));
  const firstWaiting = new Map<string, Job>();
  for (const job of inOrder(queue)) {
    if (job.state === 'waiting' && !firstWaiting.has(slotOf(job))) firstWaiting.set(slotOf(job), job);
  }
  return queue.map((job) => {
    const reason = reasonOf(job, holders.get(slotOf(job)), firstWaiting.get(slotOf(job)));
    return reason === job.reason ? job : { ...job, reason };
  });
}

function reasonOf(job: Job, holder: Job | undefined, first: Job | undefined): string {
  if (job.state === 'held') return 'held until it is released';
  if (job.state === 'launching') return 'is being started';
  if (job.state !== 'waiting') return '';
  if (holder !== undefined) return `${job.slot} is busy with ${holder.runName}`;
  return first !== undefined && first.id !== job.id ? `waits behind ${first.runName}` : 'is next';
}

function change(
  queue: Queue,
  id: JobId,
  from: readonly JobState[],
  next: (job: Job) => Job,
): Result<Queue, QueueProblem> {
  const job = queue.find((candidate) => candidate.id === id);
  if (job === undefined) return noSuchJob(id);
  if (!from.includes(job.state))
    return fail('conflict', `${job.runName} is ${job.state}, so this cannot be done with it.`);
  return ok(withReasons(queue.map((candidate) => (candidate.id === id ? next(job) : candidate))));
}

function noSuchJob(id: JobId): Result<never, QueueProblem> {
  return fail('not-found', `There is no job ${id} in the queue.`);
}

/** A number between two neighbours, or undefined where floating point leaves no room. */
function orderBetween(left: Job | undefined, right: Job | undefined): number | undefined {
  if (right === undefined) return (left?.order ?? 0) + 1;
  if (left === undefined) return right.order - 1;
  const middle = (left.order + right.order) / 2;
  return middle > left.order && middle < right.order ? middle : undefined;
}

function lastOrder(queue: Queue): number {
  return queue.reduce((last, job) => Math.max(last, job.order), 0);
}

/** Slots of different targets never meet. */
function slotOf(job: Job): string {
  return `${job.target}/${job.slot}`;
}
