import { existsSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { runFiles } from '../../domain/runDirectory.ts';
import { writeElsewhere } from '../elsewhere.ts';
import { dueSignal } from '../local/stopLadder.ts';
import type { Cluster } from './cluster.ts';
import { endFrom, reasonBeyondCode } from './ending.ts';
import { pollPeriod, troublePeriod } from './pace.ts';
import type { JobFiles } from './place.ts';
import type { SlurmJob } from './slurmJob.ts';
import type { Submitter } from './submitter.ts';
import { baseId, type JobRow } from './texts.ts';

/** An end without exit.json: network disks may show a file of another machine so much later. */
const fileDelayMs = 5_000;
const stopAgainMs = 15_000;
const soonMs = 1_000;

export interface ClusterJobsOptions {
  readonly cluster: Cluster;
  readonly files: JobFiles;
  readonly submitter: Submitter;
  /** How long the cluster must answer without naming a job before it counts as forgotten. */
  readonly forgottenAfterMs: number;
  readonly complain: (message: string) => void;
}

/** The jobs of one cluster: asks for all of them with one command per period, ends those that are to stop, submits again what was left half submitted. */
export class ClusterJobs {
  readonly #options: ClusterJobsOptions;
  #jobs: readonly SlurmJob[] = [];
  #isPolling = false;
  #isSubmitting = false;
  #isStopping = false;
  #polledAt = 0;
  #triedAt = 0;
  #failures = 0;
  #isWanted = false;

  constructor(options: ClusterJobsOptions) {
    this.#options = options;
  }

  /** Told at every tick of all jobs that have started and not ended. */
  watch(jobs: readonly SlurmJob[], isWatched: boolean): void {
    this.#jobs = jobs;
    this.#goOnSubmitting();
    this.#goOnStopping();
    if (!this.#isPolling && Date.now() >= this.#nextPoll(isWatched)) void this.poll();
  }

  /** Looks at the cluster soon, whatever the period is. */
  lookSoon(): void {
    this.#isWanted = true;
  }

  /** One look: one squeue for all jobs, and the accounts for those that it does not settle. */
  async poll(): Promise<void> {
    const jobs = this.#jobs.filter((job) => job.jobId !== undefined);
    this.#isPolling = true;
    this.#isWanted = false;
    try {
      if (jobs.length > 0) await this.#look(jobs);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const since = new Date(this.#polledAt || Date.now()).toISOString().slice(11, 16);
      for (const job of jobs) job.trouble = `no answer since ${since} UTC`;
      if (this.#failures === 1) this.#options.complain((error as Error).message);
    } finally {
      if (this.#failures === 0) this.#polledAt = Date.now();
      this.#triedAt = Date.now();
      this.#isPolling = false;
    }
    for (const job of jobs) noteElsewhere(job, this.#options.cluster.executor.name);
  }

  #nextPoll(isWatched: boolean): number {
    if (this.#failures > 0) return this.#triedAt + troublePeriod(this.#failures) * 1000;
    if (this.#isWanted || this.#jobs.some((job) => job.wantsReason || isStopping(job))) return this.#triedAt + soonMs;
    const changedAt = Math.max(0, ...this.#jobs.map((job) => job.changedAt));
    return this.#triedAt + pollPeriod((Date.now() - changedAt) / 1000, isWatched) * 1000;
  }

  async #look(jobs: readonly SlurmJob[]): Promise<void> {
    const { cluster, files } = this.#options;
    const byBase = grouped(await cluster.queue());
    const unsettled: SlurmJob[] = [];
    for (const job of jobs) {
      const rows = (byBase.get(baseId(job.jobId ?? '')) ?? []).filter((row) => job.isMine(row));
      job.trouble = undefined;
      if (rows.length > 0) job.see(rows);
      else job.missingSince ??= Date.now();
      if (rows.length === 0 || job.phase === 'ended') unsettled.push(job);
      else if (job.isScript) await this.#linkOutput(job);
    }
    await files.fetch(jobs);
    const open = unsettled.filter((job) => job.exit() === undefined || job.wantsReason);
    const history = grouped(await cluster.history(open.map(({ jobId }) => jobId!)));
    for (const job of open)
      await this.#settle(
        job,
        (history.get(baseId(job.jobId!)) ?? []).filter((row) => job.isMine(row)),
      );
  }

  /** Finds out how a job ended that the queue does not show, or shows as ended. */
  async #settle(job: SlurmJob, known: readonly JobRow[]): Promise<void> {
    const isMissing = job.missingSince !== undefined;
    if (job.isScript && !isMissing) await this.#linkOutput(job);
    const final = endFrom(job, known);
    if (final !== undefined) {
      job.see(known.length > 0 ? known : job.rows);
      if (job.exit() !== undefined) {
        const error = reasonBeyondCode(final);
        if (error !== undefined) job.conclude({ ...job.exit()!, error });
        return;
      }
      // The script writes exit.json before SLURM says that it ended by itself; a network disk may need a moment.
      const isExpected = !job.isScript && final.endedByItself && Date.now() - job.changedAt < fileDelayMs;
      if (!isExpected) job.conclude(final);
      else this.lookSoon();
      return;
    }
    if (isMissing && Date.now() - job.missingSince! >= this.#options.forgottenAfterMs) await this.#forgotten(job);
  }

  async #forgotten(job: SlurmJob): Promise<void> {
    const shown = await this.#options.cluster.show(job.jobId!);
    if (shown.some((row) => job.isMine(row))) return;
    const number = job.jobId!;
    if (this.#options.submitter.forget(job)) {
      this.#options.complain(
        `SLURM has forgotten job ${number} of ${job.record.name} before it began; it is submitted again.`,
      );
      return;
    }
    job.lost = `SLURM does not know job ${number} of this run any more, and nothing tells how it ended. Its controller may have lost its memory.`;
  }

  /** Shows the output of a user's own script as the run's log. */
  async #linkOutput(job: SlurmJob): Promise<void> {
    const note = job.note!;
    if (note.output !== undefined || job.phase === 'waiting') return;
    const shown = await this.#options.cluster.show(job.jobId!);
    const output = shown.find((row) => row.output !== undefined && row.start !== undefined)?.output;
    if (output === undefined) return;
    job.setNote({ ...note, output });
    const log = path.join(job.place.directory, runFiles.log);
    const here = output === '/dev/null' ? undefined : this.#options.files.nameHere(job, output);
    if (here !== undefined && !existsSync(log)) symlinkSync(here, log);
  }

  #goOnSubmitting(): void {
    if (this.#isSubmitting) return;
    const now = Date.now();
    const due = this.#jobs.filter(
      (job) =>
        job.note !== undefined &&
        job.jobId === undefined &&
        !job.isSubmitting &&
        now >= job.nextTryAt &&
        job.exit(soonMs) === undefined,
    );
    if (due.length === 0) return;
    this.#isSubmitting = true;
    void this.#submitAll(due).finally(() => {
      this.#isSubmitting = false;
    });
  }

  async #submitAll(jobs: readonly SlurmJob[]): Promise<void> {
    for (const job of jobs) {
      try {
        await this.#options.submitter.submitOne(job);
      } catch (error) {
        job.failures += 1;
        job.nextTryAt = Date.now() + troublePeriod(job.failures) * 1000;
        job.trouble = (error as Error).message;
      }
    }
  }

  #goOnStopping(): void {
    if (this.#isStopping) return;
    const due = this.#jobs.filter(isStopping).filter((job) => job.jobId !== undefined && isStopDue(job));
    if (due.length === 0) return;
    this.#isStopping = true;
    void this.#stopAll(due).finally(() => {
      this.#isStopping = false;
      this.lookSoon();
    });
  }

  async #stopAll(jobs: readonly SlurmJob[]): Promise<void> {
    const { cluster, files } = this.#options;
    const gentle: string[] = [];
    const hard: string[] = [];
    for (const job of jobs) {
      const signal = dueSignal(job.stop!, Date.now());
      job.lastStop = { signal, at: Date.now() };
      // Only our own script hands SIGINT on; what waits, and scripts of the user's, know SLURM's own end.
      const isGentle = signal === 'SIGINT' && job.phase === 'running' && !job.isScript;
      (isGentle ? gentle : hard).push(job.jobId!);
    }
    try {
      for (const job of jobs) await files.tellStop(job);
      if (hard.length > 0) await cluster.cancel(hard);
      if (gentle.length > 0) await cluster.interrupt(gentle);
    } catch (error) {
      for (const job of jobs) job.lastStop = undefined;
      this.#options.complain((error as Error).message);
    }
  }
}

function isStopping(job: SlurmJob): boolean {
  return job.stop !== undefined && job.exit(soonMs) === undefined;
}

/** A job of which nothing is known yet is looked at first, so that one that runs is asked gently. */
function isStopDue(job: SlurmJob): boolean {
  if (job.phase === 'unknown') return false;
  const signal = dueSignal(job.stop!, Date.now());
  return job.lastStop === undefined || job.lastStop.signal !== signal || Date.now() - job.lastStop.at > stopAgainMs;
}

function grouped(rows: readonly JobRow[]): ReadonlyMap<string, readonly JobRow[]> {
  const groups = new Map<string, JobRow[]>();
  for (const row of rows) {
    const key = baseId(row.id);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function noteElsewhere(job: SlurmJob, host: string): void {
  const presence = job.presence(soonMs);
  if (presence.kind !== 'queued' && presence.kind !== 'running' && presence.kind !== 'lost') return;
  const told = `${presence.kind} ${presence.detail}`;
  if (told === job.told || !existsSync(job.place.directory)) return;
  job.told = told;
  writeElsewhere(job.place.directory, {
    runId: job.place.runId,
    where: `SLURM job ${job.jobId ?? ''} of ${host}`,
    state: presence.kind,
    detail: presence.detail,
    ...(presence.kind === 'running' && presence.startedAt !== undefined ? { startedAt: presence.startedAt } : {}),
  });
}
