import type { Disposable } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import type { RunId } from '../../domain/ids.ts';
import type { RemoteFile, SlurmSettings } from '../../domain/target.ts';
import { readStop, writeStop } from '../local/jobFiles.ts';
import type { Executor } from '../remote/executor.ts';
import type { RemotePlace } from '../ssh/mirror.ts';
import { clearRemoteRun, fetchOfRemoteRun, listRemoteRun } from '../ssh/remoteRun.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../target.ts';
import { Cluster } from './cluster.ts';
import { ClusterJobs } from './clusterJobs.ts';
import type { JobFiles } from './place.ts';
import { SlurmJob } from './slurmJob.ts';
import { Submitter } from './submitter.ts';

/** Starts that come within so long are submitted together. */
const gatherMs = 60;

export interface SlurmTargetOptions {
  /** Where sbatch and its like run for these settings. */
  readonly executorFor: (settings: SlurmSettings) => Executor;
  /** How files get to the cluster and back. */
  readonly filesFor: (settings: SlurmSettings) => JobFiles;
  /** Directory of another run, for jobs that follow it. */
  readonly directoryOf?: (runId: RunId) => string | undefined;
  /** A sentence about something that went wrong and was survived. */
  readonly complain: (message: string) => void;
  readonly interruptMs?: number;
  readonly terminateMs?: number;
  readonly submitGraceMs?: number;
  readonly forgottenAfterMs?: number;
}

interface Site {
  readonly files: JobFiles;
  readonly submitter: Submitter;
  readonly jobs: ClusterJobs;
}

/**
 * Runs jobs on SLURM clusters. What stands in the run's directory is the truth: slurm.json says what was asked, exit.json how it ended. Whoever is killed
 * at any point, the next worker goes on from these files; a job is submitted once and its end is not missed.
 */
export class SlurmTarget implements LaunchTarget, Disposable {
  readonly name = 'slurm';
  readonly #options: SlurmTargetOptions;
  readonly #jobs = new Map<string, SlurmJob>();
  readonly #sites = new Map<string, Site>();
  readonly #siteOf = new WeakMap<SlurmJob, Site>();
  #gathered: { readonly job: SlurmJob; readonly done: () => void; readonly failed: (error: unknown) => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: SlurmTargetOptions) {
    this.#options = options;
  }

  /** Resolves when the cluster was asked; a cluster that does not answer is asked again by `watch`. */
  start(place: JobPlace): Promise<void> {
    return new Promise<void>((done, failed) => {
      this.#gathered.push({ job: this.#job(place), done, failed });
      this.#timer ??= setTimeout(() => void this.#submitGathered(), gatherMs);
    });
  }

  inspect(place: JobPlace): JobPresence {
    const presence = this.#job(place).presence(this.#lookMs());
    if (presence.kind === 'ended' || presence.kind === 'lost') this.#jobs.delete(place.directory);
    return presence;
  }

  watch(places: readonly JobPlace[], isWatched: boolean): void {
    const bySite = new Map<Site, SlurmJob[]>([...this.#sites.values()].map((site) => [site, []]));
    for (const place of places) {
      const job = this.#tryJob(place);
      if (job === undefined) continue;
      const site = this.#site(job);
      const jobs = bySite.get(site);
      if (jobs === undefined) bySite.set(site, [job]);
      else jobs.push(job);
    }
    for (const [site, jobs] of bySite) site.jobs.watch(jobs, isWatched);
  }

  stop(place: JobPlace, { force }: { readonly force: boolean }): void {
    const { interruptMs = 10_000, terminateMs = 5_000 } = this.#options;
    const earlier = readStop(place.directory);
    if (earlier === undefined || (force && !earlier.force)) {
      writeStop(place.directory, { requestedAt: earlier?.requestedAt ?? Date.now(), force, interruptMs, terminateMs });
    }
    const job = this.#tryJob(place);
    if (job === undefined) return;
    job.reload();
    job.nextTryAt = 0;
    this.#site(job).jobs.lookSoon();
  }

  files({ directory }: JobPlace): readonly RemoteFile[] {
    return listRemoteRun(directory);
  }

  async fetch(place: JobPlace, file: string, onBytes?: (bytes: number, of: number) => void): Promise<string> {
    return fetchOfRemoteRun(place.directory, file, () => this.#remotePlace(place), onBytes);
  }

  async clear(place: JobPlace): Promise<number> {
    const sibling = this.#livingSibling(place);
    if (sibling !== undefined)
      throw new AppError('conflict', `${sibling} is a task of the same array and has not ended.`, {
        hint: 'The tasks of an array start in the folder of the first one; remove it when all have ended.',
      });
    const remote = await this.#remotePlace(place);
    return remote === undefined ? 0 : await clearRemoteRun(place.directory, place.runId, remote);
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    for (const { failed } of this.#gathered) failed(new AppError('closed', 'The worker is ending.'));
    this.#gathered = [];
  }

  async #submitGathered(): Promise<void> {
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#timer = undefined;
    const bySite = new Map<Site, typeof gathered>();
    for (const one of gathered) {
      const site = this.#site(one.job);
      const group = bySite.get(site);
      if (group === undefined) bySite.set(site, [one]);
      else group.push(one);
    }
    for (const [site, group] of bySite) {
      const unique = [...new Set(group.map(({ job }) => job))];
      void site.submitter.submit(unique).then(
        () => {
          for (const { done } of group) done();
        },
        (error: unknown) => {
          for (const { failed } of group) failed(error);
        },
      );
      site.jobs.lookSoon();
    }
  }

  #livingSibling(place: JobPlace): string | undefined {
    const arrayOf = (job: SlurmJob) => job.note?.jobId?.split('_')[0];
    const array = arrayOf(this.#job(place));
    const sibling = [...this.#jobs.values()].find(
      (job) => arrayOf(job) === array && job.place.directory !== place.directory && job.exit() === undefined,
    );
    return array === undefined ? undefined : sibling?.record.name;
  }

  #remotePlace(place: JobPlace): Promise<RemotePlace | undefined> {
    const job = this.#job(place);
    return this.#site(job).files.remotePlace(job);
  }

  #job(place: JobPlace): SlurmJob {
    const known = this.#jobs.get(place.directory);
    if (known !== undefined) return known;
    const job = new SlurmJob(place);
    this.#jobs.set(place.directory, job);
    return job;
  }

  /** A run whose directory was removed while it waited is the queue's trouble, told by inspect; the others are watched on. */
  #tryJob(place: JobPlace): SlurmJob | undefined {
    try {
      return this.#job(place);
    } catch {
      return undefined;
    }
  }

  /** Files of many jobs are looked at less often each, so that a queue of thousands costs no more than a small one. */
  #lookMs(): number {
    return Math.max(200, this.#jobs.size * 2);
  }

  #site(job: SlurmJob): Site {
    const known = this.#siteOf.get(job) ?? this.#siteFor(job.settings);
    this.#siteOf.set(job, known);
    return known;
  }

  #siteFor(settings: SlurmSettings): Site {
    const key = JSON.stringify([settings.ssh ?? null, settings.shared ?? null, settings.folder ?? null]);
    const known = this.#sites.get(key);
    if (known !== undefined) return known;
    const { executorFor, filesFor, complain, submitGraceMs = 10_000, forgottenAfterMs = 15_000 } = this.#options;
    const cluster = new Cluster(executorFor(settings));
    const files = filesFor(settings);
    const submitter = new Submitter({
      cluster,
      files,
      graceMs: submitGraceMs,
      jobOf: (runId) => this.#jobOfRun(runId),
    });
    const quiet = (message: string) => {
      if (!this.#isDisposed) complain(message);
    };
    const site = {
      files,
      submitter,
      jobs: new ClusterJobs({ cluster, files, submitter, forgottenAfterMs, complain: quiet }),
    };
    this.#sites.set(key, site);
    return site;
  }

  #jobOfRun(runId: RunId): SlurmJob | undefined {
    const known = [...this.#jobs.values()].find((job) => job.place.runId === runId);
    if (known !== undefined) return known;
    const directory = this.#options.directoryOf?.(runId);
    return directory === undefined ? undefined : this.#tryJob({ runId, directory });
  }
}
