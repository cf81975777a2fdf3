import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import { dependencyObstacle, finder } from './dependencies.ts';
import type { GpuFacts } from './gpuFacts.ts';
import { inOrder, isStarted, type Queue } from './queue.ts';
import { Room } from './room.ts';

/** So many jobs that wait for room say exactly for whom. Those far behind keep one sentence, so that an end does not change ten thousand rows. */
const exactReasons = 50;

/** What the queue cannot know by itself. */
export interface PlanFacts {
  /** Seconds since 1970. */
  readonly now: number;
  /** GPUs of this machine; absent: nobody has looked yet. */
  readonly gpus?: readonly GpuFacts[] | undefined;
  /** Looks a job of the queue up, where somebody keeps a table of them; absent: one is made when it is needed. */
  readonly find?: (id: JobId) => Job | undefined;
}

/** A job that may start now, and the GPUs that it gets. */
export interface Start {
  readonly job: Job;
  readonly assigned?: readonly string[];
}

/** What may start now, in order, and why every other waiting job waits: one walk through the queue. The first `startsNow` of them are about to be started. */
export interface Plan {
  readonly starts: readonly Start[];
  /** Waiting jobs that are not here wait for their turn. */
  readonly reasons: ReadonlyMap<JobId, string>;
  /** When the first of the jobs that wait for a time may start; infinite where none does. */
  readonly wakeAt: number;
}

export function planOf(queue: Queue, facts: PlanFacts, startsNow = 0): Plan {
  const starts: Start[] = [];
  const reasons = new Map<JobId, string>();
  const room = new Room(queue.filter(isStarted), facts.gpus);
  const find = facts.find ?? finder(queue);
  let exact = 0;
  let wakeAt = Number.POSITIVE_INFINITY;
  for (const job of inOrder(queue.filter(({ state }) => state === 'waiting'))) {
    const obstacle = timeObstacle(job, facts.now) ?? dependencyObstacle(job, find);
    if (obstacle !== undefined) {
      if ((job.notBefore ?? 0) > facts.now) wakeAt = Math.min(wakeAt, job.notBefore!);
      reasons.set(job.id, obstacle);
      continue;
    }
    const admission = room.admit(job, starts.length < startsNow);
    if (admission.admitted) {
      starts.push({ job, ...(admission.assigned === undefined ? {} : { assigned: admission.assigned }) });
      reasons.set(job.id, 'is next');
    } else if (exact++ < exactReasons) reasons.set(job.id, admission.reason());
  }
  return { starts, reasons, wakeAt };
}

/** The jobs that may start now. */
export function startable(queue: Queue, facts: PlanFacts): readonly Start[] {
  return planOf(queue, facts).starts;
}

/** The queue with each job's reason said anew. `plan` is the one of this queue, where it is there already. */
export function withReasons(queue: Queue, facts: PlanFacts, plan: Plan = planOf(queue, facts)): Queue {
  const { reasons } = plan;
  return queue.map((job) => {
    const reason = reasonOf(job, reasons);
    return reason === job.reason ? job : { ...job, reason };
  });
}

function reasonOf(job: Job, waiting: ReadonlyMap<JobId, string>): string {
  switch (job.state) {
    case 'waiting':
      return waiting.get(job.id) ?? 'waits for its turn';
    case 'held':
      return 'held until it is released';
    case 'launching':
      // What a scheduler elsewhere says of it stays.
      return job.reason === '' ? 'is being started' : job.reason;
    case 'cancelled':
      return job.failure?.message ?? '';
    default:
      return '';
  }
}

/** A time of day, since a number of seconds would change at every look. */
function timeObstacle({ notBefore }: Job, now: number): string | undefined {
  if (notBefore === undefined || notBefore <= now) return undefined;
  return `is tried again at ${new Date(notBefore * 1000).toTimeString().slice(0, 8)}`;
}
