import type { JobId, RunId } from '../../domain/ids.ts';
import type { Job, JobState } from '../../domain/job.ts';
import { formatAge } from '../ui/numbers.ts';

export interface JobNode {
  readonly kind: 'job';
  readonly runId: RunId;
  readonly job: Job;
}

export interface JobLook {
  readonly icon: string;
  readonly color?: string;
  readonly word: string;
}

export const jobLooks: { readonly [S in JobState]: JobLook } = {
  waiting: { icon: 'clock', word: 'waiting' },
  held: { icon: 'debug-pause', color: 'charts.orange', word: 'held' },
  launching: { icon: 'loading~spin', color: 'charts.blue', word: 'starting' },
  running: { icon: 'sync~spin', color: 'charts.blue', word: 'running' },
  done: { icon: 'pass', word: 'done' },
  cancelled: { icon: 'circle-slash', word: 'cancelled' },
};

/** Jobs that have not ended: first those that run, then those that wait, in the queue's order. */
export function collectJobs(jobs: readonly Job[]): readonly JobNode[] {
  return jobs
    .filter(({ state }) => state !== 'done' && state !== 'cancelled')
    .sort((a, b) => Number(isMovable(a)) - Number(isMovable(b)) || a.order - b.order)
    .map((job) => ({ kind: 'job', runId: job.runId, job }));
}

/** Whether the job's place in the queue still matters. */
export function isMovable({ state }: Job): boolean {
  return state === 'waiting' || state === 'held';
}

/** The job before which to put `jobId` so that it goes one place up or down; undefined where it is at that end already. */
export function neighbour(
  jobs: readonly Job[],
  jobId: JobId,
  direction: 'up' | 'down',
): { readonly before: JobId | null } | undefined {
  const movable = jobs.filter(isMovable).sort((a, b) => a.order - b.order);
  const index = movable.findIndex(({ id }) => id === jobId);
  if (index < 0) return undefined;
  if (direction === 'up') return index === 0 ? undefined : { before: movable[index - 1]!.id };
  if (index === movable.length - 1) return undefined;
  return { before: movable[index + 2]?.id ?? null };
}

/** The moves, in order, that put the dragged jobs before the target (or last) and keep their order among themselves. */
export function dropMoves(
  jobs: readonly Job[],
  dragged: readonly JobId[],
  target: JobId | null,
): readonly { readonly jobId: JobId; readonly before: JobId | null }[] {
  const chosen = new Set(dragged);
  const movable = jobs.filter(isMovable).sort((a, b) => a.order - b.order);
  const from =
    target === null
      ? movable.length
      : Math.max(
          0,
          movable.findIndex(({ id }) => id === target),
        );
  // A target that is dragged itself stands for the next job that is not.
  const before = movable.slice(from).find(({ id }) => !chosen.has(id))?.id ?? null;
  return movable.filter(({ id }) => chosen.has(id)).map(({ id }) => ({ jobId: id, before }));
}

/** What stands behind the name: slot, why it waits, since when. */
export function describeJob({ job }: JobNode, now: number): string {
  const look = jobLooks[job.state];
  const reason = job.reason === '' ? look.word : job.reason;
  const since = isMovable(job) ? job.submittedAt : (job.startedAt ?? job.submittedAt);
  return [job.slot, reason, formatAge(since, now)].filter((part) => part !== '').join(' · ');
}

/** Words for `when` clauses. */
export function jobContext(job: Job): string {
  return ['job', job.state, isMovable(job) ? 'movable' : ''].filter(Boolean).join(' ');
}
