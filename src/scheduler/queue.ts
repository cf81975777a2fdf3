import { fail, ok, type Result } from '../base/result.ts';
import type { Failure } from '../domain/failure.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job, JobState } from '../domain/job.ts';

/** The queue at one moment. Every function here gives a new one; nothing is changed in place. */
export type Queue = readonly Job[];

export type QueueProblem = 'not-found' | 'conflict';

/** Whether the job has, or may have, a process. */
export function isStarted(job: Job): boolean {
  return job.state === 'launching' || job.state === 'running';
}

/** Whether the job has not begun and may still begin. */
export function isPending(job: Job): boolean {
  return job.state === 'waiting' || job.state === 'held';
}

/** Whether the job is over and did what it should. */
export function endedWell(job: Job): boolean {
  return job.state === 'done' && job.failure === undefined && job.exitCode === 0;
}

/** Adds a job behind all others. An id that is there already changes nothing. */
export function submit(queue: Queue, job: Omit<Job, 'order' | 'reason'>): Queue {
  if (queue.some(({ id }) => id === job.id)) return queue;
  return [...queue, { ...job, order: lastOrder(queue) + 1, reason: '' }];
}

/** Waiting → launching, with the GPUs that it was given: written down before anything starts. */
export function launch(queue: Queue, id: JobId, assigned?: readonly string[]): Result<Queue, QueueProblem> {
  return change(queue, id, ['waiting'], (job) => ({
    ...job,
    state: 'launching',
    reason: '',
    ...(assigned === undefined ? {} : { assigned }),
  }));
}

/** Launching → running; a running one stays so. */
export function run(queue: Queue, id: JobId, startedAt: number): Result<Queue, QueueProblem> {
  return change(queue, id, ['launching', 'running'], (job) => ({
    ...job,
    state: 'running',
    startedAt: job.startedAt ?? startedAt,
  }));
}

/** A scheduler elsewhere has it and has not started it, or has put it back: launching, with that scheduler's own words as the reason. */
export function queueElsewhere(queue: Queue, id: JobId, detail: string): Result<Queue, QueueProblem> {
  return change(queue, id, ['launching', 'running'], (job) => ({ ...job, state: 'launching', reason: detail }));
}

/** Launching or running → done; `failure` where it did not end well. */
export function end(
  queue: Queue,
  id: JobId,
  endedAt: number,
  exitCode?: number,
  failure?: Failure,
): Result<Queue, QueueProblem> {
  return change(queue, id, ['launching', 'running'], (job) => ({
    ...job,
    state: 'done',
    endedAt,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(failure === undefined ? {} : { failure }),
  }));
}

/** Waiting ↔ held. Holding a held job changes nothing. */
export function hold(queue: Queue, id: JobId, held: boolean): Result<Queue, QueueProblem> {
  return change(queue, id, ['waiting', 'held'], (job) => ({ ...job, state: held ? 'held' : 'waiting' }));
}

/** Waiting or held → cancelled. A job that has begun is stopped instead. */
export function cancel(queue: Queue, id: JobId, now: number, failure?: Failure): Result<Queue, QueueProblem> {
  return change(queue, id, ['waiting', 'held'], (job) => ({
    ...job,
    state: 'cancelled',
    endedAt: now,
    ...(failure === undefined ? {} : { failure }),
  }));
}

/**
 * Puts a pending job before another one, or last where `before` is null. Only its own number changes, unless numbers have run together. It takes the
 * priority of its new neighbour, since a place among others of another priority could not be kept.
 */
export function move(queue: Queue, id: JobId, before: JobId | null): Result<Queue, QueueProblem> {
  const moved = queue.find((job) => job.id === id);
  if (moved === undefined) return noSuchJob(id);
  if (!isPending(moved))
    return fail('conflict', `${moved.runName} has begun, so its place in the queue cannot change.`);
  if (before === id) return ok(queue);
  const others = inOrder(queue.filter((job) => job.id !== id));
  const at = before === null ? others.length : others.findIndex((job) => job.id === before);
  if (at < 0) return noSuchJob(before as JobId);
  const placed = withPriority(moved, (before === null ? others.findLast(isPending) : others[at])?.priority ?? 0);
  const order = orderBetween(sameRank(others[at - 1], placed), sameRank(others[at], placed), lastOrder(others));
  if (order !== undefined) return ok(queue.map((job) => (job.id === id ? { ...placed, order } : job)));
  const renumbered = [...others.slice(0, at), placed, ...others.slice(at)].map((job, index) => ({
    ...job,
    order: index + 1,
  }));
  return ok(renumbered);
}

/** Gives a pending job another priority; it keeps its own number, so its place among jobs of the new priority follows from that. */
export function prioritize(queue: Queue, id: JobId, priority: number): Result<Queue, QueueProblem> {
  return change(queue, id, ['waiting', 'held'], (job) => withPriority(job, priority));
}

/** The order in which jobs start: higher priority first, then their own numbers; ids, which sort by time, decide between equal ones. */
export function inOrder(queue: Queue): Queue {
  const isSorted = queue.every((job, index) => index === 0 || compare(queue[index - 1]!, job) <= 0);
  return isSorted ? queue : [...queue].sort(compare);
}

function compare(a: Job, b: Job): number {
  return (b.priority ?? 0) - (a.priority ?? 0) || a.order - b.order || (a.id < b.id ? -1 : 1);
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
  return ok(queue.map((candidate) => (candidate.id === id ? next(job) : candidate)));
}

function noSuchJob(id: JobId): Result<never, QueueProblem> {
  return fail('not-found', `There is no job ${id} in the queue.`);
}

/** A number between two neighbours of one priority, or undefined where floating point leaves no room. */
function orderBetween(left: Job | undefined, right: Job | undefined, last: number): number | undefined {
  if (right === undefined) return Math.max(left?.order ?? 0, last) + 1;
  if (left === undefined) return right.order - 1;
  const middle = (left.order + right.order) / 2;
  return middle > left.order && middle < right.order ? middle : undefined;
}

function sameRank(neighbour: Job | undefined, job: Job): Job | undefined {
  return neighbour !== undefined && (neighbour.priority ?? 0) === (job.priority ?? 0) ? neighbour : undefined;
}

function withPriority(job: Job, priority: number): Job {
  const { priority: _, ...rest } = job;
  return priority === 0 ? rest : { ...rest, priority };
}

function lastOrder(queue: Queue): number {
  return queue.reduce((last, job) => Math.max(last, job.order), 0);
}
