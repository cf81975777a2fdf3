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
  /** Jobs of the queue that are started, where somebody keeps a list of them. */
  readonly started?: readonly Job[];
}

/** A job that may start now, and the GPUs that it gets. */
export interface Start {
  readonly job: Job;
  readonly assigned?: readonly string[];
}

/** What may start now, in order, and what every job is to say of why it waits. */
export interface Plan {
  readonly starts: readonly Start[];
  /** Jobs whose reason is another one, with the new one. */
  readonly changed: readonly Job[];
  /** When the first of the jobs that wait for a time may start; infinite where none does. */
  readonly wakeAt: number;
  /** Whether a job waits that needs GPUs of this machine. */
  readonly wantsGpus: boolean;
}

/** One walk through a queue that is in order, since it may be long. The first `startsNow` of those that may start are about to be started. */
export function planOf(queue: Queue, facts: PlanFacts, startsNow = 0): Plan {
  const starts: Start[] = [];
  const changed: Job[] = [];
  const room = new Room(facts.started ?? queue.filter(isStarted), facts.gpus);
  const find = facts.find ?? finder(queue);
  let exact = 0;
  let wakeAt = Number.POSITIVE_INFINITY;
  let wantsGpus = false;
  const waitingReason = (job: Job): string => {
    wantsGpus ||= (job.gpus ?? 0) > 0;
    const obstacle = timeObstacle(job, facts.now) ?? dependencyObstacle(job, find);
    if (obstacle !== undefined) {
      if ((job.notBefore ?? 0) > facts.now) wakeAt = Math.min(wakeAt, job.notBefore!);
      return obstacle;
    }
    const admission = room.admit(job, starts.length < startsNow);
    if (!admission.admitted) return exact++ < exactReasons ? admission.reason() : 'waits for its turn';
    starts.push({ job, ...(admission.assigned === undefined ? {} : { assigned: admission.assigned }) });
    return 'is next';
  };
  for (const job of queue) {
    const reason = job.state === 'waiting' ? waitingReason(job) : reasonOf(job);
    if (reason !== job.reason) changed.push({ ...job, reason });
  }
  return { starts, changed, wakeAt, wantsGpus };
}

/** The jobs that may start now. */
export function startable(queue: Queue, facts: PlanFacts): readonly Start[] {
  return planOf(inOrder(queue), facts).starts;
}

/** The queue with each job's reason said anew. */
export function withReasons(queue: Queue, facts: PlanFacts): Queue {
  const changed = new Map(planOf(inOrder(queue), facts).changed.map((job) => [job.id, job]));
  return changed.size === 0 ? queue : queue.map((job) => changed.get(job.id) ?? job);
}

/** What a job says that does not wait for room. */
export function reasonOf(job: Job): string {
  switch (job.state) {
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
