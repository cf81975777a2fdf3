import { type Disposable, Disposables } from '../base/disposables.ts';
import { Emitter } from '../base/emitter.ts';
import { AppError } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../launch/target.ts';
import {
  cancel,
  end,
  hold,
  isPending,
  isStarted,
  launch,
  move,
  type Queue,
  type QueueProblem,
  run,
  startable,
  submit,
  withReasons,
} from './queue.ts';

const tickMs = 250;
/** A start that nobody has claimed by then is made again; only one of them can ever take the job. */
const claimPatienceMs = 15_000;
const maxStarts = 3;

/** Where the queue lies between starts of the worker. */
export interface QueueStore {
  load(): readonly StoredJob[];
  /** Writes the rows that differ, in one transaction, before it returns. */
  save(jobs: readonly StoredJob[]): void;
}

/** A job and the place of its run. */
export interface StoredJob {
  readonly job: Job;
  readonly directory: string;
}

export interface SchedulerOptions {
  readonly store: QueueStore;
  readonly targets: readonly LaunchTarget[];
  readonly now?: () => number;
  /** A sentence about something that went wrong and was survived. */
  readonly complain: (message: string) => void;
}

export interface EndedJob {
  readonly job: Job;
  readonly presence: JobPresence;
}

/**
 * Drives the queue: starts what may start, watches what runs, notes what ended. Every step is on disk before the next one,
 * so that another scheduler goes on from any point. It knows of a job its target, its slot and its place, never what it does.
 */
export class Scheduler implements Disposable {
  readonly #options: SchedulerOptions;
  readonly #owner = new Disposables();
  readonly #changed = this.#owner.add(new Emitter<readonly Job[]>());
  readonly #ended = this.#owner.add(new Emitter<EndedJob>());
  readonly #directories = new Map<JobId, string>();
  readonly #starts = new Map<JobId, { count: number; at: number }>();
  #queue: Queue = [];
  #byId: ReadonlyMap<JobId, Job> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #lastTrouble = '';

  readonly onChanged = this.#changed.event;
  /** Once per job that was started. */
  readonly onEnded = this.#ended.event;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const stored = options.store.load();
    for (const { job, directory } of stored) this.#directories.set(job.id, directory);
    this.#queue = withReasons(stored.map(({ job }) => job));
    this.#byId = new Map(this.#queue.map((job) => [job.id, job]));
  }

  /** Begins to drive. Jobs that were running under an earlier worker are adopted. */
  start(): void {
    this.#owner.onDispose(() => clearInterval(this.#timer));
    this.#timer = setInterval(() => this.#tickSafely(), tickMs);
    this.#tickSafely();
  }

  get jobs(): readonly Job[] {
    return this.#queue;
  }

  find(id: JobId): Job | undefined {
    return this.#byId.get(id);
  }

  /** Whether anything runs or may still run. */
  get isBusy(): boolean {
    return this.#queue.some((job) => isStarted(job) || job.state === 'waiting');
  }

  submit(job: Omit<Job, 'order' | 'reason'>, directory: string): void {
    this.#directories.set(job.id, directory);
    this.#set(submit(this.#queue, job));
    this.tick();
  }

  /** Stops a job that runs, or takes one that waits out of the queue. */
  stop(id: JobId, force: boolean): void {
    const job = this.#find(id);
    if (isPending(job)) this.#apply(cancel(this.#queue, id, this.#now()));
    else if (isStarted(job)) this.#target(job).stop(this.#place(job), { force });
    this.tick();
  }

  cancel(id: JobId): void {
    this.#apply(cancel(this.#queue, id, this.#now()));
  }

  hold(id: JobId, held: boolean): void {
    this.#apply(hold(this.#queue, id, held));
    this.tick();
  }

  move(id: JobId, before: JobId | null): void {
    this.#apply(move(this.#queue, id, before));
    this.tick();
  }

  /** A queue that cannot be written (a full disk) must not end the worker: every step is tried again at the next tick. */
  #tickSafely(): void {
    try {
      this.tick();
    } catch (error) {
      const message = `The queue waits: ${(error as Error).message}`;
      if (message !== this.#lastTrouble) this.#options.complain(message);
      this.#lastTrouble = message;
      return;
    }
    this.#lastTrouble = '';
  }

  /** Looks at every job once, soon. For whoever knows that something happened. */
  tickSoon(): void {
    setImmediate(() => this.#tickSafely());
  }

  /** Looks at every job once. */
  tick(): void {
    if (this.#owner.isDisposed) return;
    for (const job of this.#queue.filter(isStarted)) this.#watch(job);
    for (const job of startable(this.#queue)) {
      this.#apply(launch(this.#queue, job.id));
      this.#begin(job);
    }
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #watch(job: Job): void {
    let presence: JobPresence;
    try {
      presence = this.#target(job).inspect(this.#place(job));
    } catch (error) {
      this.#options.complain(`${job.runName} cannot be watched: ${(error as Error).message}`);
      return;
    }
    if (presence.kind === 'queued') return;
    if (presence.kind === 'unclaimed') this.#startAgain(job);
    else if (presence.kind === 'running') this.#noteRunning(job, presence.startedAt);
    else this.#noteEnd(job, presence);
  }

  #noteRunning(job: Job, startedAt: number | undefined): void {
    if (job.state === 'running') return;
    this.#starts.delete(job.id);
    this.#apply(run(this.#queue, job.id, startedAt ?? this.#now()));
  }

  #noteEnd(job: Job, presence: Extract<JobPresence, { kind: 'ended' | 'lost' }>): void {
    this.#starts.delete(job.id);
    const ended = presence.kind === 'ended' ? presence : undefined;
    this.#apply(end(this.#queue, job.id, ended?.endedAt ?? this.#now(), ended?.exitCode));
    this.#ended.fire({ job: this.#find(job.id), presence });
  }

  #startAgain(job: Job): void {
    const starts = this.#starts.get(job.id);
    if (starts !== undefined && this.#now() - starts.at < claimPatienceMs / 1000) return;
    if ((starts?.count ?? 0) < maxStarts) this.#begin(job);
    else
      this.#noteEnd(job, {
        kind: 'lost',
        detail: `It could not be started in ${maxStarts} attempts; the worker's log says why.`,
      });
  }

  #begin(job: Job): void {
    this.#starts.set(job.id, { count: (this.#starts.get(job.id)?.count ?? 0) + 1, at: this.#now() });
    this.#target(job)
      .start(this.#place(job))
      .then(
        () => this.#tickSafely(),
        (error: Error) => this.#options.complain(`${job.runName}: ${error.message}`),
      );
  }

  #apply(result: Result<Queue, QueueProblem>): void {
    if (!result.ok)
      throw new AppError(result.reason, result.message, {
        hint: 'Look at the queue again; it may have changed meanwhile.',
      });
    this.#set(result.value);
  }

  #set(queue: Queue): void {
    const changed = queue.filter((job) => this.#byId.get(job.id) !== job);
    if (changed.length === 0) return;
    this.#options.store.save(changed.map((job) => ({ job, directory: this.#directories.get(job.id) ?? '' })));
    this.#queue = queue;
    this.#byId = new Map(queue.map((job) => [job.id, job]));
    this.#changed.fire(queue);
  }

  #find(id: JobId): Job {
    const job = this.#byId.get(id);
    if (job === undefined) throw new AppError('not-found', `There is no job ${id} in the queue.`);
    return job;
  }

  #place(job: Job): JobPlace {
    return { runId: job.runId, directory: this.#directories.get(job.id) ?? '' };
  }

  #target(job: Job): LaunchTarget {
    const target = this.#options.targets.find(({ name }) => name === job.target);
    if (target === undefined) throw new AppError('not-found', `There is no launch target ${job.target}.`);
    return target;
  }

  #now(): number {
    return (this.#options.now ?? (() => Date.now() / 1000))();
  }
}
