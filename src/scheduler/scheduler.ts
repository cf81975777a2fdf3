import { type Disposable, Disposables } from '../base/disposables.ts';
import { Emitter } from '../base/emitter.ts';
import { AppError } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { type Failure, unknownFailure } from '../domain/failure.ts';
import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../launch/target.ts';
import { cancelFollowers } from './dependencies.ts';
import type { GpuFacts } from './gpuFacts.ts';
import { type Plan, type PlanFacts, planOf, type Start, withReasons } from './plan.ts';
import {
  cancel,
  end,
  hold,
  inOrder,
  isPending,
  isStarted,
  launchAll,
  move,
  prioritize,
  type Queue,
  type QueueProblem,
  queueElsewhere,
  run,
  submit,
} from './queue.ts';

const tickMs = 250;
/** A start that nobody has claimed by then is made again; only one of them can ever take the job. */
const claimPatienceMs = 15_000;
const maxStarts = 3;
/** A thousand jobs that may start at once are started over some ticks, so that the machine and the clusters can follow. */
const startsPerTick = 16;
/** Jobs at targets with a queue of their own are looked at in turns, since there may be thousands. */
const looksPerTick = 200;

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
  /** GPUs of this machine as they were seen last; undefined until somebody has looked. Called when a job waits for GPUs, so that it is worth looking again. */
  readonly gpus?: () => readonly GpuFacts[] | undefined;
  /** Whether a person looks. */
  readonly isWatched?: () => boolean;
  /** Why a job that did not end well did not; undefined where nobody can say. */
  readonly diagnose?: (job: Job, directory: string, presence: EndPresence) => Failure | undefined;
}

export type EndPresence = Extract<JobPresence, { kind: 'ended' | 'lost' }>;

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
  readonly #byId = new Map<JobId, Job>();
  #lookTurn = 0;
  /** How the last round left everything. */
  #lastRound:
    | {
        readonly queue: Queue;
        readonly gpus: readonly GpuFacts[] | undefined;
        readonly started: readonly Job[];
        readonly wakeAt: number;
        readonly wantsGpus: boolean;
      }
    | undefined;
  /** Something was written that nobody has been told of. */
  #isChanged = false;
  #timer: NodeJS.Timeout | undefined;
  #lastTrouble = '';

  readonly onChanged = this.#changed.event;
  /** Once per job that was started. */
  readonly onEnded = this.#ended.event;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const stored = options.store.load();
    for (const { job, directory } of stored) this.#directories.set(job.id, directory);
    this.#queue = inOrder(stored.map(({ job }) => job));
    for (const job of this.#queue) this.#byId.set(job.id, job);
    this.#queue = withReasons(this.#queue, this.#facts(this.#queue));
    for (const job of this.#queue) this.#byId.set(job.id, job);
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
    this.tick();
  }

  /** Changes how many of a group may run at once. */
  limitGroup(group: string, limit: number): void {
    this.#set(
      this.#queue.map((job) =>
        job.group === group && job.groupLimit !== limit && isPending(job) ? { ...job, groupLimit: limit } : job,
      ),
    );
    this.tick();
  }

  /** Holds the pending jobs of a group, or releases them, in one step. */
  holdGroup(group: string, held: boolean): void {
    const [from, to] = held ? (['waiting', 'held'] as const) : (['held', 'waiting'] as const);
    this.#set(this.#queue.map((job) => (job.group === group && job.state === from ? { ...job, state: to } : job)));
    this.tick();
  }

  hold(id: JobId, held: boolean): void {
    this.#apply(hold(this.#queue, id, held));
    this.tick();
  }

  move(id: JobId, before: JobId | null): void {
    this.#apply(move(this.#queue, id, before));
    this.tick();
  }

  /** Higher starts first. */
  prioritize(id: JobId, priority: number): void {
    this.#apply(prioritize(this.#queue, id, priority));
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

  /** Looks at every job once, and starts what may start. Where nothing has changed since the last round, only what runs is looked at. */
  tick(): void {
    if (this.#owner.isDisposed) return;
    const started = this.#started();
    this.#tellTargets(started);
    for (const job of this.#inTurns(started)) this.#watch(job);
    const facts = this.#facts(this.#queue);
    if (this.#isSettled(facts)) return;
    this.#set(cancelFollowers(this.#queue, facts.now, facts.find));
    const plan = planOf(this.#queue, facts, startsPerTick);
    this.#launchAll(plan.starts.slice(0, startsPerTick));
    this.#sayReasons(facts, plan);
  }

  /** Whether the last round left nothing to do, and neither the queue, the GPUs nor the time has changed that. */
  #isSettled({ now, gpus }: PlanFacts): boolean {
    const last = this.#lastRound;
    return last !== undefined && last.queue === this.#queue && last.gpus === gpus && now < last.wakeAt;
  }

  #started(): readonly Job[] {
    return this.#lastRound?.queue === this.#queue ? this.#lastRound.started : this.#queue.filter(isStarted);
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
    if (presence.kind === 'unclaimed') this.#startAgain(job);
    else if (presence.kind === 'queued') this.#noteQueued(job, presence.detail);
    else if (presence.kind === 'running') this.#noteRunning(job, presence.startedAt);
    else this.#noteEnd(job, presence);
  }

  /** Targets that must ask somebody else hear of all their jobs at once, so that one question does for all of them. */
  #tellTargets(started: readonly Job[]): void {
    for (const target of this.#options.targets) {
      if (target.watch === undefined) continue;
      const places = started.filter((job) => job.target === target.name).map((job) => this.#place(job));
      target.watch(places, this.#options.isWatched?.() ?? false);
    }
  }

  #inTurns(started: readonly Job[]): readonly Job[] {
    const elsewhere = started.filter((job) => job.target !== 'local');
    if (elsewhere.length <= looksPerTick) return started;
    const from = this.#lookTurn % elsewhere.length;
    this.#lookTurn = from + looksPerTick;
    const turn = [...elsewhere, ...elsewhere].slice(from, from + looksPerTick);
    return [...started.filter((job) => job.target === 'local'), ...turn];
  }

  #launchAll(starts: readonly Start[]): void {
    if (starts.length === 0) return;
    this.#set(launchAll(this.#queue, starts));
    for (const { job } of starts) this.#begin(this.#find(job.id));
  }

  #noteQueued(job: Job, detail: string): void {
    this.#starts.delete(job.id);
    if (job.state === 'running' || job.reason !== detail) this.#apply(queueElsewhere(this.#queue, job.id, detail));
  }

  #noteRunning(job: Job, startedAt: number | undefined): void {
    if (job.state === 'running') return;
    this.#starts.delete(job.id);
    this.#apply(run(this.#queue, job.id, startedAt ?? this.#now()));
  }

  #noteEnd(job: Job, presence: EndPresence): void {
    this.#starts.delete(job.id);
    const ended = presence.kind === 'ended' ? presence : undefined;
    const isWell = ended?.exitCode === 0 && ended.signal === undefined;
    const failure = isWell ? undefined : this.#diagnose(job, presence);
    this.#apply(end(this.#queue, job.id, ended?.endedAt ?? this.#now(), ended?.exitCode, failure));
    this.#ended.fire({ job: this.#find(job.id), presence });
  }

  #diagnose(job: Job, presence: EndPresence): Failure {
    try {
      const failure = this.#options.diagnose?.(job, this.#directories.get(job.id) ?? '', presence);
      if (failure !== undefined) return failure;
    } catch (error) {
      this.#options.complain(`It cannot be said why ${job.runName} failed: ${(error as Error).message}`);
    }
    return unknownFailure(presence.detail);
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
    this.#set(unwrapped(result));
  }

  /** Writes what has changed, then believes it. */
  #set(next: Queue): void {
    if (next === this.#queue) return;
    const queue = inOrder(next);
    const changed = queue.filter((job, index) => job !== this.#queue[index] && this.#byId.get(job.id) !== job);
    if (changed.length > 0) {
      this.#options.store.save(changed.map((job) => ({ job, directory: this.#directories.get(job.id) ?? '' })));
      this.#isChanged = true;
    }
    this.#believe(queue, changed);
  }

  /** Reasons are said once per round, and never written: they follow from the rest. Then everybody hears of the round. */
  #sayReasons(facts: PlanFacts, plan: Plan): void {
    const queue = withReasons(this.#queue, facts, plan);
    const changed = queue.filter((job, index) => job !== this.#queue[index]);
    const isChanged = this.#isChanged || changed.length > 0;
    this.#isChanged = false;
    this.#believe(changed.length === 0 ? this.#queue : queue, changed);
    this.#lastRound = {
      queue: this.#queue,
      gpus: facts.gpus,
      started: this.#queue.filter(isStarted),
      // What may start and was put off goes on at the next tick.
      wakeAt: plan.starts.length > startsPerTick ? 0 : plan.wakeAt,
      wantsGpus: this.#wantsGpus(),
    };
    if (isChanged) this.#changed.fire(this.#queue);
  }

  #believe(queue: Queue, changed: readonly Job[]): void {
    this.#queue = queue;
    for (const job of changed) this.#byId.set(job.id, job);
  }

  #facts(queue: Queue): PlanFacts {
    const wantsGpus = this.#lastRound?.queue === queue ? this.#lastRound.wantsGpus : this.#wantsGpus();
    return {
      now: this.#now(),
      gpus: wantsGpus ? this.#options.gpus?.() : undefined,
      find: (id) => this.#byId.get(id),
    };
  }

  #wantsGpus(): boolean {
    return this.#queue.some((job) => job.state === 'waiting' && (job.gpus ?? 0) > 0);
  }

  #find(id: JobId): Job {
    const job = this.#byId.get(id);
    if (job === undefined) throw new AppError('not-found', `There is no job ${id} in the queue.`);
    return job;
  }

  #place(job: Job): JobPlace {
    return {
      runId: job.runId,
      directory: this.#directories.get(job.id) ?? '',
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
