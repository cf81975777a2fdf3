import { type Disposable, Disposables } from '../base/disposables.ts';
import { Emitter } from '../base/emitter.ts';
import { AppError } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { type Failure, unknownFailure } from '../domain/failure.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../launch/target.ts';
import { cancelledFollowers } from './dependencies.ts';
import type { GpuFacts } from './gpuFacts.ts';
import { JobBoard, type QueueStore } from './jobBoard.ts';
import { Looks } from './looks.ts';
import { type Plan, type PlanFacts, planOf, reasonOf } from './plan.ts';
import {
  cancel,
  end,
  hold,
  isPending,
  isStarted,
  launch,
  move,
  prioritize,
  type Queue,
  type QueueProblem,
  queueElsewhere,
  run,
  submit,
} from './queue.ts';
import { maxStarts, StartAttempts } from './startAttempts.ts';

const tickMs = 250;
/** A thousand jobs that may start at once are started over some ticks, so that the machine and the clusters can follow. */
const startsPerTick = 16;

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

export type EndPresence = Extract<JobPresence, { kind: 'ended' | 'lost' }>;

export interface EndedJob {
  readonly job: Job;
  readonly presence: JobPresence;
}

/** How a round left everything. */
interface LastRound {
  readonly queue: Queue;
  readonly gpus: readonly GpuFacts[] | undefined;
  readonly wakeAt: number;
  readonly wantsGpus: boolean;
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
  readonly #starts = new StartAttempts();
  readonly #looks = new Looks();
  /** Jobs that failed, and the retries that were launched for them. */
  readonly #retries = new Map<JobId, JobId>();
  #lastRound: LastRound | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isTickSoon = false;
  #lastTrouble = '';

  readonly onChanged = this.#changed.event;
  /** Once per job that was started. */
  readonly onEnded = this.#ended.event;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#board = new JobBoard(options.store);
    this.#board.retell(planOf(this.jobs, this.#facts()).changed);
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
    this.#board.set(submit(this.jobs, this.#afterRetries(job)));
    this.tick();
  }

  /** Stops a job that runs, or takes one that waits out of the queue. */
  stop(id: JobId, force: boolean): void {
    const job = this.#find(id);
    if (isPending(job)) this.#apply(cancel(this.jobs, id, this.#now()));
    else if (isStarted(job)) this.#target(job).stop(this.#place(job), { force });
    this.tick();
  }

  cancel(id: JobId): void {
    this.#apply(cancel(this.jobs, id, this.#now()));
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
    this.#apply(hold(this.jobs, id, held));
    this.tick();
  }

  move(id: JobId, before: JobId | null): void {
    this.#apply(move(this.jobs, id, before));
    this.tick();
  }

  /** Higher starts first. */
  prioritize(id: JobId, priority: number): void {
    this.#apply(prioritize(this.jobs, id, priority));
    this.tick();
  }

  /** A job that failed was launched again: what waits for it, now or later, waits for its retry. */
  retried(failed: JobId, retry: JobId): void {
    if (failed === retry) return;
    this.#retries.set(failed, retry);
    for (const job of this.jobs) {
      const next = isPending(job) ? this.#afterRetries(job) : job;
      if (next !== job) this.#board.put(next);
    }
    this.tick();
  }

  /** A retry that was due will not come: what waits for it is looked at again. */
  retryIsOff(): void {
    this.#lastRound = undefined;
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
    const started = this.#board.started;
    this.#tellTargets(started);
    const ended = this.#looks.next(started).flatMap((job) => this.#watch(job));
    const facts = this.#facts();
    if (this.#isSettled(facts)) return;
    for (const job of cancelledFollowers(this.jobs, facts.now, facts.find, this.#options.isRetryDue))
      this.#board.put(job);
    const plan = planOf(this.jobs, facts, startsPerTick);
    const starts = plan.starts.slice(0, startsPerTick);
    for (const start of starts) this.#put(launch([start.job], start.job.id, start.assigned));
    const isChanged = this.#board.commit();
    for (const { job } of starts) this.#begin(this.#find(job.id));
    this.#endRound(facts, plan, isChanged);
    for (const end of ended) this.#ended.fire(end);
  }

  /** Whether the last round left nothing to do, and neither the queue, the GPUs nor the time has changed that. */
  #isSettled({ now, gpus }: PlanFacts): boolean {
    const last = this.#lastRound;
    return last !== undefined && last.queue === this.jobs && last.gpus === gpus && now < last.wakeAt;
  }

  dispose(): void {
    this.#owner.dispose();
  }

  /** Targets that must ask somebody else hear of all their jobs at once, so that one question does for all of them. */
  #tellTargets(started: readonly Job[]): void {
    for (const target of this.#options.targets) {
      if (target.watch === undefined) continue;
      const places = started.filter((job) => job.target === target.name).map((job) => this.#place(job));
      target.watch(places, this.#options.isWatched?.() ?? false);
    }
  }

  /** Looks at a job that was started, and notes what has become of it. Gives its end, where it has ended. */
  #watch(job: Job): readonly EndedJob[] {
    let presence: JobPresence;
    try {
      presence = this.#target(job).inspect(this.#place(job));
    } catch (error) {
      this.#options.complain(`${job.runName} cannot be watched: ${(error as Error).message}`);
      return [];
    }
    if (presence.kind === 'unclaimed') return this.#startAgain(job);
    this.#starts.forget(job.id);
    if (presence.kind === 'ended' || presence.kind === 'lost') return [this.#noteEnd(job, presence)];
    if (presence.kind === 'running') this.#noteRunning(job, presence.startedAt);
    else this.#noteQueued(job, presence.detail);
    return [];
  }

  #startAgain(job: Job): readonly EndedJob[] {
    const next = this.#starts.next(job.id, this.#now());
    if (next === 'start') this.#begin(job);
    if (next !== 'give-up') return [];
    const detail = `It could not be started in ${maxStarts} attempts; the worker's log says why.`;
    this.#starts.forget(job.id);
    return [this.#noteEnd(job, { kind: 'lost', detail })];
  }

  #noteQueued(job: Job, detail: string): void {
    if (job.state === 'running' || job.reason !== detail) this.#put(queueElsewhere([job], job.id, detail));
  }

  #noteRunning(job: Job, startedAt: number | undefined): void {
    if (job.state !== 'running') this.#put(run([job], job.id, startedAt ?? this.#now()));
  }

  #noteEnd(job: Job, presence: EndPresence): EndedJob {
    const ended = presence.kind === 'ended' ? presence : undefined;
    const isWell = ended?.exitCode === 0 && ended.signal === undefined;
    const failure = isWell ? undefined : this.#diagnose(job, presence);
    // It began and ended between two looks.
    if (ended?.startedAt !== undefined) this.#noteRunning(job, ended.startedAt);
    this.#put(end([this.#find(job.id)], job.id, ended?.endedAt ?? this.#now(), ended?.exitCode, failure));
    return { job: this.#find(job.id), presence };
  }

  #diagnose(job: Job, presence: EndPresence): Failure {
    try {
      const failure = this.#options.diagnose?.(job, this.#board.directoryOf(job.id), presence);
      if (failure !== undefined) return failure;
    } catch (error) {
      this.#options.complain(`It cannot be said why ${job.runName} failed: ${(error as Error).message}`);
    }
    return unknownFailure(presence.detail);
  }

  #begin(job: Job): void {
    this.#starts.note(job.id, this.#now());
    this.#target(job)
      .start(this.#place(job))
      .then(
        () => this.tickSoon(),
        (error: Error) => this.#options.complain(`${job.runName}: ${error.message}`),
      );
  }

  /** The job, waiting for retries where it waited for jobs that were launched again. */
  #afterRetries<J extends Pick<Job, 'after'>>(job: J): J {
    if (job.after?.some((id) => this.#retries.has(id)) !== true) return job;
    return { ...job, after: job.after.map((id) => this.#lastRetryOf(id)) };
  }

  #lastRetryOf(id: JobId): JobId {
    let last = id;
    for (let next = this.#retries.get(last); next !== undefined; next = this.#retries.get(last)) last = next;
    return last;
  }

  #apply(result: Result<Queue, QueueProblem>): void {
    this.#board.set(unwrapped(result));
  }

  /** Notes what has become of one job. */
  #put(result: Result<Queue, QueueProblem>): void {
    for (const job of unwrapped(result)) this.#board.put(job);
  }

  /** Reasons are said once per round, and never written: they follow from the rest. Then everybody hears of the round. */
  #endRound(facts: PlanFacts, plan: Plan, isChanged: boolean): void {
    const begun = this.#board.started.filter((job) => reasonOf(job) !== job.reason);
    const told = [
      ...plan.changed.filter(({ id, state }) => this.#board.find(id)?.state === state),
      ...begun.map((job) => ({ ...job, reason: reasonOf(job) })),
    ];
    this.#board.retell(told);
    this.#lastRound = {
      queue: this.jobs,
      gpus: facts.gpus,
      // What may start and was put off goes on at the next tick.
      wakeAt: plan.starts.length > startsPerTick ? 0 : plan.wakeAt,
      wantsGpus: plan.wantsGpus,
    };
    if (isChanged || told.length > 0) this.#changed.fire(this.jobs);
  }

  #facts(): PlanFacts {
    const wantsGpus = this.#lastRound?.queue === this.jobs ? this.#lastRound.wantsGpus : this.#wantsGpus();
    return {
      now: this.#now(),
      gpus: wantsGpus ? this.#options.gpus?.() : undefined,
      find: (id) => this.#board.find(id),
      started: this.#board.started,
    };
  }

  #wantsGpus(): boolean {
    return this.jobs.some((job) => job.state === 'waiting' && (job.gpus ?? 0) > 0);
  }

  #find(id: JobId): Job {
    const job = this.#board.find(id);
    if (job === undefined) throw new AppError('not-found', `There is no job ${id} in the queue.`);
    return job;
  }

  #place(job: Job): JobPlace {
    return {
      runId: job.runId,
      directory: this.#board.directoryOf(job.id),
      ...(job.assigned === undefined ? {} : { assigned: job.assigned }),
    };
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

function unwrapped(result: Result<Queue, QueueProblem>): Queue {
  if (result.ok) return result.value;
  throw new AppError(result.reason, result.message, {
    hint: 'Look at the queue again; it may have changed meanwhile.',
  });
}
