import { type Disposable, Disposables } from '../base/disposables.ts';
import { Emitter } from '../base/emitter.ts';
import type { Failure } from '../domain/failure.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { LaunchTarget } from '../launch/target.ts';
import type { GpuFacts } from './gpuFacts.ts';
import { JobBoard, type QueueStore } from './jobBoard.ts';
import { type EndedJob, type EndPresence, JobWatch } from './jobWatch.ts';
import { cancel, hold, isPending, isStarted, move, prioritize, submit } from './queue.ts';
import { RetryChains } from './retryChains.ts';
import { Rounds } from './rounds.ts';

export type { EndedJob, EndPresence } from './jobWatch.ts';

const tickMs = 250;
export interface SchedulerOptions {
  readonly store: QueueStore;
  readonly targets: readonly LaunchTarget[];
  readonly now?: () => number;
  /** A sentence about something that went wrong and was survived. */
  readonly complain: (message: string) => void;
  /** GPUs of this machine as they were seen last; undefined until somebody has looked. Called when a job waits for GPUs, so that it is worth looking again. */
  readonly gpus?: () => readonly GpuFacts[] | undefined;
  /** Whether a person looks. */
  readonly isWatched?: () => boolean;
  /** Why a job that did not end well did not; undefined where nobody can say. */
  readonly diagnose?: (job: Job, directory: string, presence: EndPresence) => Failure | undefined;
  /** Whether a job that ended badly is going to be launched again by its own policy: those that wait for it then wait for its retry. */
  readonly isRetryDue?: (job: Job) => boolean;
}

/**
 * Drives the queue: starts what may start, watches what runs, notes what ended. What a round changes is on disk before anything is started or told,
 * so that another scheduler goes on from any point. It knows of a job its target, its slot and its place, never what it does.
 */
export class Scheduler implements Disposable {
  readonly #options: SchedulerOptions;
  readonly #owner = new Disposables();
  readonly #changed = this.#owner.add(new Emitter<readonly Job[]>());
  readonly #ended = this.#owner.add(new Emitter<EndedJob>());
  readonly #board: JobBoard;
  readonly #watch: JobWatch;
  readonly #retries = new RetryChains();
  readonly #rounds: Rounds;
  #timer: NodeJS.Timeout | undefined;
  #isTickSoon = false;
  #lastTrouble = '';

  readonly onChanged = this.#changed.event;
  /** Once per job that was started. */
  readonly onEnded = this.#ended.event;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#board = new JobBoard(options.store);
    this.#watch = new JobWatch({
      board: this.#board,
      targets: options.targets,
      now: () => this.#now(),
      complain: options.complain,
      diagnose: options.diagnose,
      onStarted: () => this.tickSoon(),
    });
    this.#rounds = new Rounds({
      board: this.#board,
      now: () => this.#now(),
      gpus: options.gpus,
      isRetryDue: options.isRetryDue,
    });
  }

  /** Begins to drive. Jobs that were running under an earlier worker are adopted. */
  start(): void {
    this.#owner.onDispose(() => clearInterval(this.#timer));
    this.#timer = setInterval(() => this.#tickSafely(), tickMs);
    this.#tickSafely();
  }

  get jobs(): readonly Job[] {
    return this.#board.queue;
  }

  find(id: JobId): Job | undefined {
    return this.#board.find(id);
  }

  /** Whether anything runs or may still run. */
  get isBusy(): boolean {
    return this.jobs.some((job) => isStarted(job) || job.state === 'waiting');
  }

  submit(job: Omit<Job, 'order' | 'reason'>, directory: string): void {
    this.#board.place(job.id, directory);
    this.#board.set(submit(this.jobs, this.#retries.following(job)));
    this.tick();
  }

  /** Stops a job that runs, or takes one that waits out of the queue. */
  stop(id: JobId, force: boolean): void {
    const job = this.#board.get(id);
    if (isPending(job)) this.#board.setTo(cancel(this.jobs, id, this.#now()));
    else if (isStarted(job)) this.#watch.stop(job, force);
    this.tick();
  }

  cancel(id: JobId): void {
    this.#board.setTo(cancel(this.jobs, id, this.#now()));
    this.tick();
  }

  /** Changes how many of a group may run at once. */
  limitGroup(group: string, limit: number): void {
    for (const job of this.jobs) {
      if (job.group === group && job.groupLimit !== limit && isPending(job))
        this.#board.put({ ...job, groupLimit: limit });
    }
    this.tick();
  }

  /** Holds the pending jobs of a group, or releases them, in one step. */
  holdGroup(group: string, held: boolean): void {
    const [from, to] = held ? (['waiting', 'held'] as const) : (['held', 'waiting'] as const);
    for (const job of this.jobs) if (job.group === group && job.state === from) this.#board.put({ ...job, state: to });
    this.tick();
  }

  hold(id: JobId, held: boolean): void {
    this.#board.setTo(hold(this.jobs, id, held));
    this.tick();
  }

  move(id: JobId, before: JobId | null): void {
    this.#board.setTo(move(this.jobs, id, before));
    this.tick();
  }

  /** Higher starts first. */
  prioritize(id: JobId, priority: number): void {
    this.#board.setTo(prioritize(this.jobs, id, priority));
    this.tick();
  }

  /** A job that failed was launched again: what waits for it, now or later, waits for its retry. */
  retried(failed: JobId, retry: JobId): void {
    if (failed === retry) return;
    this.#retries.note(failed, retry);
    for (const job of this.jobs) {
      const next = isPending(job) ? this.#retries.following(job) : job;
      if (next !== job) this.#board.put(next);
    }
    this.tick();
    this.#changed.fire(this.jobs);
  }

  /** A retry that was due will not come: what waits for it is looked at again. */
  retryIsOff(): void {
    this.#rounds.forget();
    this.tick();
    this.#changed.fire(this.jobs);
  }

  /** The job that stands for this one by now: its last retry, or itself. */
  lastRetryOf(id: JobId): JobId {
    return this.#retries.last(id);
  }

  /** Whether a job that ended badly is going to be launched again by its own policy. */
  isRetryDue(job: Job): boolean {
    return this.#options.isRetryDue?.(job) === true;
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

  /** Looks at every job once, soon. For whoever knows that something happened; those who say so together are heard together. */
  tickSoon(): void {
    if (this.#isTickSoon) return;
    this.#isTickSoon = true;
    setImmediate(() => {
      this.#isTickSoon = false;
      this.#tickSafely();
    });
  }

  /**
   * Looks at every job once, and starts what may start. Where nothing has changed since the last round, only what runs is looked at. All that a round
   * changes is one transaction; a cut before it leaves a round that is made again, since what ended is still to be seen.
   */
  tick(): void {
    if (this.#owner.isDisposed) return;
    const ended = this.#watch.look(this.#board.started, this.#options.isWatched?.() ?? false);
    const round = this.#rounds.next();
    if (round === undefined) return;
    for (const id of round.starts) this.#watch.begin(this.#board.get(id));
    if (this.#rounds.close(round)) this.#changed.fire(this.jobs);
    for (const end of ended) this.#ended.fire(end);
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #now(): number {
    return (this.#options.now ?? (() => Date.now() / 1000))();
  }
}
