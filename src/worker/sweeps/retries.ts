import { Disposables } from '../../base/disposables.ts';
import { describeError } from '../../base/errors.ts';
import type { CommandLaunchRequest, RetryPolicy } from '../../domain/commandLaunch.ts';
import type { FailureKind } from '../../domain/failure.ts';
import type { JobId, RunId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { readStop } from '../../launch/local/jobFiles.ts';
import type { Scheduler } from '../../scheduler/scheduler.ts';
import { launchRecordOf } from '../launching/again.ts';
import { commandRequest } from '../launching/commandAgain.ts';
import type { LaunchedRun } from '../launching/prepared.ts';

/** What was cut off from outside goes on where it was; what failed by itself begins anew. */
const resumedKinds: ReadonlySet<FailureKind> = new Set(['time-limit', 'pre-empted', 'node-failure']);
const longestDelaySeconds = 6 * 3600;

export interface RetriesOptions {
  readonly scheduler: Pick<Scheduler, 'jobs' | 'onEnded' | 'retried' | 'retryIsOff'>;
  /** Where the run's directory is; undefined where it is gone. */
  readonly directoryOf: (job: Job) => string | undefined;
  readonly labelsOf: (runId: RunId) => readonly string[];
  readonly lastCheckpoint: (runId: RunId) => Promise<string | undefined>;
  readonly launch: (request: CommandLaunchRequest) => Promise<LaunchedRun>;
  readonly onRetried: (failed: RunId, retry: RunId) => void;
  readonly complain: (message: string) => void;
}

/** What is known of a run that is to be launched again by its own policy. */
interface WantedRetry {
  readonly directory: string;
  readonly record: LaunchRecord;
  readonly policy: RetryPolicy;
  /** The first run of the chain, and how many retries led to this one. */
  readonly root: string;
  readonly attempt: number;
}

/**
 * Launches runs again that failed in a way that their retry policy names. The id of the request follows from the first run and the number of the
 * attempt, so whoever looks again, after a restart or beside another, finds the same retry.
 */
export class Retries extends Disposables {
  readonly #options: RetriesOptions;
  /** Whether a job's own policy wants it again, since what waits for it asks at every round of the queue. */
  readonly #wanted = new Map<JobId, boolean>();

  constructor(options: RetriesOptions) {
    super();
    this.#options = options;
    this.add(options.scheduler.onEnded(({ job }) => void this.#consider(job)));
  }

  /** Catches up with what ended while no worker could see to it. */
  async start(): Promise<void> {
    for (const job of this.#options.scheduler.jobs) await this.#consider(job);
  }

  /** Whether a job that ended badly is going to be launched again, or has been: what waits for it waits on. */
  isDue(job: Job): boolean {
    const known = this.#wanted.get(job.id);
    if (known !== undefined) return known;
    const isDue = this.#wantedRetry(job) !== undefined;
    this.#wanted.set(job.id, isDue);
    return isDue;
  }

  async #consider(job: Job): Promise<void> {
    const { complain, launch, onRetried, scheduler } = this.#options;
    try {
      const request = await this.#retryOf(job);
      if (request === undefined || this.isDisposed) return;
      const { runId } = await launch(request);
      if (this.isDisposed) return;
      onRetried(job.runId, runId);
      scheduler.retried(job.id, runId as string as JobId);
    } catch (error) {
      if (this.isDisposed) return;
      complain(`${job.runName} could not be tried again: ${describeError(error)}`);
      this.#wanted.set(job.id, false);
      scheduler.retryIsOff();
    }
  }

  #wantedRetry(job: Job): WantedRetry | undefined {
    if (job.state !== 'done' || job.failure === undefined) return undefined;
    const directory = this.#options.directoryOf(job);
    const record = directory === undefined ? undefined : launchRecordOf(directory);
    const policy = record?.commandLaunch?.request.retry;
    if (directory === undefined || record === undefined || policy === undefined) return undefined;
    const { root, attempt } = attemptOf(record);
    // Whoever stopped a run does not want it back.
    const isWanted = policy.kinds.includes(job.failure.kind) && readStop(directory) === undefined;
    return isWanted && attempt < policy.attempts ? { directory, record, policy, root, attempt } : undefined;
  }

  async #retryOf(job: Job): Promise<CommandLaunchRequest | undefined> {
    const wanted = this.#wantedRetry(job);
    const facts = wanted?.record.commandLaunch;
    if (wanted === undefined || facts === undefined) return undefined;
    const { directory, record, policy, root, attempt } = wanted;
    const canResume = resumedKinds.has(job.failure!.kind) && (facts.entry?.resume ?? []).length > 0;
    const checkpoint = canResume ? await this.#options.lastCheckpoint(job.runId) : undefined;
    const labels = this.#options.labelsOf(job.runId);
    const run = { id: job.runId, name: job.runName, path: directory, labels };
    const { group, groupLimit } = facts.request;
    const delay = Math.min(longestDelaySeconds, policy.delaySeconds * 2 ** attempt);
    return {
      ...commandRequest(run, record, checkpoint),
      requestId: `retry:${attempt + 1}:${root}`,
      notBefore: (job.endedAt ?? Date.now() / 1000) + delay,
      parent: job.runId,
      ...(group === undefined ? {} : { group }),
      ...(groupLimit === undefined ? {} : { groupLimit }),
    };
  }
}

/** The first run of the chain, and how many retries led to this one. */
function attemptOf({ requestId, id }: LaunchRecord): { readonly root: string; readonly attempt: number } {
  const [, attempt, root] = /^retry:(\d+):(.+)$/.exec(requestId) ?? [];
  return attempt === undefined || root === undefined ? { root: id, attempt: 0 } : { root, attempt: Number(attempt) };
}
