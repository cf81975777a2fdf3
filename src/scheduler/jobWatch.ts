import { AppError } from '../base/errors.ts';
import { type Failure, unknownFailure } from '../domain/failure.ts';
import type { Job } from '../domain/job.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../launch/target.ts';
import type { JobBoard } from './jobBoard.ts';
import { Looks } from './looks.ts';
import { end, queueElsewhere, run } from './queue.ts';
import { maxStarts, StartAttempts } from './startAttempts.ts';

export type EndPresence = Extract<JobPresence, { kind: 'ended' | 'lost' }>;

export interface EndedJob {
  readonly job: Job;
  readonly presence: JobPresence;
}

export interface JobWatchOptions {
  readonly board: JobBoard;
  readonly targets: readonly LaunchTarget[];
  readonly now: () => number;
  /** A sentence about something that went wrong and was survived. */
  readonly complain: (message: string) => void;
  /** Why a job that did not end well did not; undefined where nobody can say. */
  readonly diagnose?: ((job: Job, directory: string, presence: EndPresence) => Failure | undefined) | undefined;
  /** Called when a start has got through. */
  readonly onStarted: () => void;
}

/** What has become of the jobs that were started: begins them at their targets, looks at them in turns, and notes on the board what it sees. */
export class JobWatch {
  readonly #options: JobWatchOptions;
  readonly #starts = new StartAttempts();
  readonly #looks = new Looks();

  constructor(options: JobWatchOptions) {
    this.#options = options;
  }

  /** Looks at the jobs whose turn it is. Gives those that have ended since. Nothing is on disk yet when this returns. */
  look(started: readonly Job[], isWatched: boolean): readonly EndedJob[] {
    this.#tellTargets(started, isWatched);
    return this.#looks.next(started).flatMap((job) => this.#lookAt(job));
  }

  begin(job: Job): void {
    this.#starts.note(job.id, this.#options.now());
    this.#target(job)
      .start(this.#place(job))
      .then(
        () => this.#options.onStarted(),
        (error: Error) => this.#options.complain(`${job.runName}: ${error.message}`),
      );
  }

  stop(job: Job, force: boolean): void {
    this.#target(job).stop(this.#place(job), { force });
  }

  /** Targets that must ask somebody else hear of all their jobs at once, so that one question does for all of them. */
  #tellTargets(started: readonly Job[], isWatched: boolean): void {
    for (const target of this.#options.targets) {
      if (target.watch === undefined) continue;
      const places = started.filter((job) => job.target === target.name).map((job) => this.#place(job));
      target.watch(places, isWatched);
    }
  }

  #lookAt(job: Job): readonly EndedJob[] {
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
    const next = this.#starts.next(job.id, this.#options.now());
    if (next === 'start') this.begin(job);
    if (next !== 'give-up') return [];
    const detail = `It could not be started in ${maxStarts} attempts; the worker's log says why.`;
    this.#starts.forget(job.id);
    return [this.#noteEnd(job, { kind: 'lost', detail })];
  }

  #noteQueued(job: Job, detail: string): void {
    if (job.state === 'running' || job.reason !== detail)
      this.#options.board.apply(queueElsewhere([job], job.id, detail));
  }

  #noteRunning(job: Job, startedAt: number | undefined): void {
    if (job.state !== 'running') this.#options.board.apply(run([job], job.id, startedAt ?? this.#options.now()));
  }

  #noteEnd(job: Job, presence: EndPresence): EndedJob {
    const { board, now } = this.#options;
    const ended = presence.kind === 'ended' ? presence : undefined;
    const isWell = ended?.exitCode === 0 && ended.signal === undefined;
    const failure = isWell ? undefined : this.#diagnose(job, presence);
    // It began and ended between two looks.
    if (ended?.startedAt !== undefined) this.#noteRunning(job, ended.startedAt);
    board.apply(end([board.get(job.id)], job.id, ended?.endedAt ?? now(), ended?.exitCode, failure));
    return { job: board.get(job.id), presence };
  }

  #diagnose(job: Job, presence: EndPresence): Failure {
    try {
      const failure = this.#options.diagnose?.(job, this.#options.board.directoryOf(job.id), presence);
      if (failure !== undefined) return failure;
    } catch (error) {
      this.#options.complain(`It cannot be said why ${job.runName} failed: ${(error as Error).message}`);
    }
    return unknownFailure(presence.detail);
  }

  #place(job: Job): JobPlace {
    return {
      runId: job.runId,
      directory: this.#options.board.directoryOf(job.id),
      ...(job.assigned === undefined ? {} : { assigned: job.assigned }),
    };
  }

  #target(job: Job): LaunchTarget {
    const target = this.#options.targets.find(({ name }) => name === job.target);
    if (target === undefined) throw new AppError('not-found', `There is no launch target ${job.target}.`);
    return target;
  }
}
