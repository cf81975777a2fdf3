import type { JobId, RunId } from '../../domain/ids.ts';
import type { Job, JobState } from '../../domain/job.ts';
import { count, formatAge } from '../ui/numbers.ts';

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
    .sort((a, b) => Number(isMovable(a)) - Number(isMovable(b)) || byTurn(a, b))
    .map((job) => ({ kind: 'job', runId: job.runId, job }));
}

/** The order in which jobs start: higher priority first, then their own numbers. */
function byTurn(a: Job, b: Job): number {
  return (b.priority ?? 0) - (a.priority ?? 0) || a.order - b.order;
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
  const movable = jobs.filter(isMovable).sort(byTurn);
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
  const movable = jobs.filter(isMovable).sort(byTurn);
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

/** What stands behind the name: why it waits or what it has, where, its priority, since when. */
export function describeJob({ job }: JobNode, now: number): string {
  const look = jobLooks[job.state];
  const reason = job.reason === '' ? look.word : job.reason;
  const since = isMovable(job) ? job.submittedAt : (job.startedAt ?? job.submittedAt);
  return [describePlace(job), reason, describePriority(job), formatAge(since, now)]
    .filter((part) => part !== '')
    .join(' · ');
}

/** "GPU 0, 1", "2 GPUs", "cpu", "slurm": what the job has or needs, and where. */
export function describePlace({ target, slot, gpus, assigned }: Job): string {
  if (target !== 'local') return target;
  if (assigned !== undefined && assigned.length > 0) return `GPU ${assigned.join(', ')}`;
  if (gpus !== undefined && gpus > 0) return count(gpus, 'GPU');
  return slot === 'any' ? '' : slot;
}

function describePriority({ priority }: Job): string {
  return priority === undefined || priority === 0 ? '' : `priority ${priority}`;
}

/** All that is known of the job, in lines. */
export function jobTooltip(job: Job, names: ReadonlyMap<JobId, string>): string {
  const after = (job.after ?? []).map((id) => names.get(id) ?? id);
  return [
    `${job.runName}: ${job.reason === '' ? jobLooks[job.state].word : job.reason}`,
    `Target ${job.target}${describePlace(job) === '' || job.target !== 'local' ? '' : `, ${describePlace(job)}`}`,
    after.length === 0 ? '' : `After ${after.join(', ')}`,
    job.notBefore === undefined ? '' : `Not before ${new Date(job.notBefore * 1000).toLocaleString()}`,
    describePriority(job),
    job.groupLimit === undefined ? '' : `At most ${job.groupLimit} of its group at once`,
    `Submitted ${new Date(job.submittedAt * 1000).toLocaleString()}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Words for `when` clauses. */
export function jobContext(job: Job): string {
  return ['job', job.state, isMovable(job) ? 'movable' : ''].filter(Boolean).join(' ');
}
