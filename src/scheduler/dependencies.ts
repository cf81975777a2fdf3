import type { Failure } from '../domain/failure.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import { endedWell, isPending, type Queue } from './queue.ts';

/** Why the job must wait for others; undefined where all of them have ended well. */
export function dependencyObstacle(job: Job, find: (id: JobId) => Job | undefined): string | undefined {
  if (job.after === undefined) return undefined;
  const open = job.after.filter((id) => {
    const other = find(id);
    return other === undefined || !endedWell(other);
  });
  if (open.length === 0) return undefined;
  const names = open.map((id) => find(id)?.runName ?? id);
  return `waits for ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''} to end well`;
}

/**
 * Pending jobs whose dependencies have ended badly, as cancelled ones, and those that wait for them, and so on. A dependency that is going to be
 * launched again by its own policy has not had its last word.
 */
export function cancelledFollowers(
  queue: Queue,
  now: number,
  find: (id: JobId) => Job | undefined = finder(queue),
  isRetryDue: (job: Job) => boolean = () => false,
): readonly Job[] {
  const followers = followersOf(queue);
  const causes: Job[] = [];
  for (const id of followers.keys()) {
    const job = find(id);
    if (job === undefined) causes.push(unknownJob(id));
    else if (isBadEnd(job) && !isRetryDue(job)) causes.push(job);
  }
  const cancelled = new Map<JobId, Job>();
  for (let cause = causes.pop(); cause !== undefined; cause = causes.pop()) {
    for (const id of followers.get(cause.id) ?? []) {
      if (cancelled.has(id)) continue;
      const follower: Job = { ...find(id)!, state: 'cancelled', endedAt: now, failure: followerFailure(cause) };
      cancelled.set(id, follower);
      causes.push(follower);
    }
  }
  return [...cancelled.values()];
}

/** Looks jobs up by id; the table is made when it is first needed, since most queues have no dependencies. */
export function finder(queue: Queue): (id: JobId) => Job | undefined {
  let byId: ReadonlyMap<JobId, Job> | undefined;
  return (id) => {
    byId ??= new Map(queue.map((job) => [job.id, job]));
    return byId.get(id);
  };
}

/** Per job that somebody waits for, the pending jobs that do. */
function followersOf(queue: Queue): ReadonlyMap<JobId, readonly JobId[]> {
  const followers = new Map<JobId, JobId[]>();
  for (const job of queue) {
    if (job.after === undefined || !isPending(job)) continue;
    for (const id of job.after) {
      const known = followers.get(id);
      if (known === undefined) followers.set(id, [job.id]);
      else known.push(job.id);
    }
  }
  return followers;
}

function isBadEnd(job: Job): boolean {
  return job.state === 'cancelled' || (job.state === 'done' && !endedWell(job));
}

/** A dependency that the queue has forgotten: nobody will ever say that it ended well. */
function unknownJob(id: JobId): Job {
  return {
    id,
    runId: id as string as Job['runId'],
    runName: id,
    state: 'cancelled',
    target: 'local',
    slot: 'any',
    order: 0,
    reason: '',
    submittedAt: 0,
    failure: { kind: 'unknown', message: 'the queue does not know it', signature: 'unknown job' },
  };
}

function followerFailure(cause: Job): Failure {
  const how =
    cause.state === 'cancelled'
      ? `was cancelled${cause.failure === undefined ? '' : ` (${inBrackets(cause.failure.message)})`}`
      : `did not end well (${inBrackets(cause.failure?.message ?? `exit code ${cause.exitCode}`)})`;
  return {
    kind: 'interrupted',
    message: `It waited for ${cause.runName}, which ${how}. Launching ${cause.runName} again does not bring this one back: launch it again too.`,
    signature: 'interrupted: what it waited for did not end well',
  };
}

/** Only the first sentence: chains of causes would repeat each other. */
function inBrackets(message: string): string {
  const first = message.split(/\. |\n/)[0] ?? message;
  return first.length > 120 ? `${first.slice(0, 117)}…` : first.replace(/\.$/, '');
}
