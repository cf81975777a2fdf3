import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Disposables } from '../../base/disposables.ts';
import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import type { JobId, RunId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import { isActive } from '../../domain/run.ts';
import type { JobTable } from '../../store/jobTable.ts';
import type { SweepTable } from '../../store/sweepTable.ts';
import { followLaunch } from '../launching/followLaunch.ts';
import type { LaunchedRun } from '../launching/prepared.ts';
import { logLine } from '../log.ts';
import type { WorkerServices } from '../services.ts';
import { lastCheckpointOf } from './lastCheckpoint.ts';
import type { TrialRun } from './ledger.ts';
import { Retries } from './retries.ts';
import { Sweeps } from './sweeps.ts';

/** How long the last values of a run that has ended are waited for. */
const readPatienceMs = 5_000;

type Worker = Pick<WorkerServices, 'catalog' | 'views' | 'monitor' | 'scheduler' | 'launcher' | 'clients'>;

/** Sweeps and retries of a worker. Call `start` when the queue runs. */
export class SweepService extends Disposables {
  readonly sweeps: Sweeps;
  readonly #retries: Retries;
  readonly #worker: Worker;
  readonly #jobs: JobTable;
  /** Jobs that have ended do not change any more, and the queue forgets them after a day. */
  readonly #ended = new Map<RunId, { readonly job: Job; readonly directory: string }>();

  constructor(worker: Worker, jobs: JobTable, table: SweepTable) {
    super();
    this.#worker = worker;
    this.#jobs = jobs;
    const launch = (request: CommandLaunchRequest) => this.#launch(request);
    const lastCheckpoint = (runId: RunId) => this.#lastCheckpoint(runId);
    this.sweeps = this.add(
      new Sweeps({
        table,
        scheduler: worker.scheduler,
        sources: {
          run: (id) => this.#runOf(id),
          value: (id, metric) => worker.catalog.get(id)?.series.get(metric)?.info.lastValue,
        },
        launch,
        read: (runId) => this.#read(runId),
        lastCheckpoint,
        tell: (sweep) => worker.clients.tell('sweeps.changed', { sweep }, sweep.folder),
        complain: logLine,
      }),
    );
    this.#retries = this.add(
      new Retries({
        scheduler: worker.scheduler,
        directoryOf: (job) => {
          const directory = jobs.find(job.runId)?.directory;
          return directory !== undefined && existsSync(directory) ? directory : undefined;
        },
        labelsOf: (runId) => {
          const run = worker.catalog.get(runId);
          return run === undefined ? [] : worker.views.summary(run).labels;
        },
        lastCheckpoint,
        launch,
        onRetried: (failed, retry) => this.sweeps.adoptRetry(failed, retry),
        complain: logLine,
      }),
    );
  }

  /** Whether a job that ended badly is launched again by its own policy. */
  isRetryDue(job: Job): boolean {
    return this.#retries.isDue(job);
  }

  start(): void {
    this.sweeps.start();
    void this.#retries.start();
  }

  async #launch(request: CommandLaunchRequest): Promise<LaunchedRun> {
    const launched = await this.#worker.launcher.launchRequest(request);
    if (!this.isDisposed) await followLaunch(this.#worker, launched, request.labels);
    return launched;
  }

  #runOf(id: RunId): TrialRun | undefined {
    const live = this.#worker.scheduler.find(id as string as JobId);
    const row = this.#ended.get(id) ?? this.#jobs.find(id);
    const job = live ?? row?.job;
    if (row === undefined || job === undefined) return undefined;
    if (job.state === 'done' || job.state === 'cancelled') this.#ended.set(id, { job, directory: row.directory });
    return { job, isThere: existsSync(row.directory) };
  }

  /** Reads until the run's own files say that it has ended, since the last values stand before that. */
  async #read(runId: RunId): Promise<void> {
    const run = this.#worker.catalog.get(runId);
    if (run === undefined) return;
    const deadline = Date.now() + readPatienceMs;
    for (let waitMs = 20; !this.isDisposed && Date.now() < deadline; waitMs = Math.min(500, waitMs * 2)) {
      if (!isActive(run.facts.status ?? 'unknown')) return;
      this.#worker.monitor.poke(run.found);
      await delay(waitMs);
    }
  }

  async #lastCheckpoint(runId: RunId): Promise<string | undefined> {
    const run = this.#worker.catalog.get(runId);
    return run === undefined ? undefined : lastCheckpointOf(run.found);
  }
}
