import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../base/errors.ts';
import type { RunId } from '../../domain/ids.ts';
import type { ProcessIdentity } from '../../domain/runDirectory.ts';
import { identifyProcess, isSameProcessAlive } from '../local/processIdentity.ts';
import type { Cluster, SubmitProblem } from './cluster.ts';
import { createNote, readClaimedJob, readNote, type SlurmNote } from './notes.ts';
import { troublePeriod } from './pace.ts';
import { type JobFiles, prepareArray, prepareSingle, type Submission } from './place.ts';
import type { SlurmJob } from './slurmJob.ts';
import { baseId } from './texts.ts';

/** A cluster that has forgotten a job before its start gets it again so often. */
const maxForgotten = 3;

export interface SubmitterOptions {
  readonly cluster: Cluster;
  readonly files: JobFiles;
  /** A submission that nobody noted may still be on its way to the controller for so long. */
  readonly graceMs: number;
  /** The job of another run, for those that start after it. */
  readonly jobOf: (runId: RunId) => SlurmJob | undefined;
}

/**
 * Submits runs, each once. The intent is on disk before sbatch runs and the number behind it; an intent without a number is looked for on the cluster by
 * comment and name before anything is submitted again, and the job's script takes the run by a claim, should two jobs exist after all.
 */
export class Submitter {
  readonly #options: SubmitterOptions;
  readonly #me: ProcessIdentity | undefined = identifyProcess(process.pid);

  constructor(options: SubmitterOptions) {
    this.#options = options;
  }

  /** Submits jobs that were started at the same moment: those that ask for the same as one array. Throws the first trouble; the others are tried too. */
  async submit(jobs: readonly SlurmJob[]): Promise<void> {
    const troubles: unknown[] = [];
    const attempt = (work: Promise<void>) => work.catch((error: unknown) => void troubles.push(error));
    for (const group of await this.#groups(jobs)) {
      const [first] = group;
      if (group.length > 1) await attempt(this.#submitArray(group));
      else if (first !== undefined) await attempt(this.submitOne(first));
    }
    if (troubles.length > 0) throw troubles[0];
  }

  /** Goes on with a run's submission from wherever it stopped. */
  async submitOne(job: SlurmJob): Promise<void> {
    if (job.isSubmitting) return;
    job.isSubmitting = true;
    try {
      job.reload();
      if (job.jobId !== undefined || job.exit() !== undefined) return;
      if (job.note !== undefined && !(await this.#mayAskAgain(job))) return;
      if (job.stop !== undefined) return stoppedBeforeStart(job);
      if (this.#intend(job, intent(job))) await this.#ask(job, await this.#single(job));
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      refused(job, (error as Error).message);
    } finally {
      job.isSubmitting = false;
    }
  }

  /** A job that the controller does not know any more and that never began: it is asked for again. False where that was done too often. */
  forget(job: SlurmJob): boolean {
    const note = job.note;
    if (note?.jobId === undefined || job.isScript || job.hasStarted || note.forgotten.length >= maxForgotten)
      return false;
    const { jobId, ...rest } = note;
    job.setNote({ ...rest, askedAt: 0, forgotten: [...note.forgotten, jobId] });
    job.forget();
    job.nextTryAt = 0;
    return true;
  }

  async #submitArray(jobs: readonly SlurmJob[]): Promise<void> {
    const first = jobs[0]!;
    for (const job of jobs) job.isSubmitting = true;
    try {
      const label = { comment: first.record.id, jobName: first.record.name };
      const mine: SlurmJob[] = [];
      for (const [task, job] of jobs.entries()) {
        if (this.#intend(job, { ...intent(job), ...label, task })) mine.push(job);
        // Every note is synced; a thousand of them must not keep the worker from answering.
        await setImmediate();
      }
      // Somebody else began with one of them at this very moment: each goes its own way, which looks before it asks.
      if (mine.length < jobs.length) return;
      const answer = await this.#options.cluster.submit(...call(await prepareArray(jobs, this.#options.files)));
      if (answer.ok) {
        for (const job of jobs) {
          took(job, `${answer.value}_${job.note!.task}`);
          await setImmediate();
        }
        return;
      }
      for (const job of jobs) this.#postpone(job, answer.reason, answer.message);
      if (answer.reason === 'unknown') return;
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      for (const job of jobs) refused(job, (error as Error).message);
      return;
    } finally {
      for (const job of jobs) job.isSubmitting = false;
    }
    // A cluster may refuse arrays, or one of this size: singly it says what is wrong with each.
    for (const job of jobs) {
      job.setNote({ ...intent(job), askedAt: 0 });
      await this.submitOne(job);
    }
  }

  async #single(job: SlurmJob): Promise<Submission> {
    return prepareSingle(job, this.#options.files, this.#dependency(job));
  }

  async #ask(job: SlurmJob, submission: Submission): Promise<void> {
    const answer = await this.#options.cluster.submit(...call(submission));
    if (answer.ok) took(job, answer.value);
    else if (answer.reason === 'refused') refused(job, `SLURM refused the job: ${answer.message}`);
    else this.#postpone(job, answer.reason, answer.message);
  }

  #postpone(job: SlurmJob, reason: SubmitProblem, message: string): void {
    job.failures += 1;
    job.nextTryAt = Date.now() + troublePeriod(job.failures) * 1000;
    job.trouble = reason === 'later' ? `the cluster takes no more jobs now: ${message}` : message;
    // Nothing was taken, so nothing needs to be looked for.
    if (reason === 'later' && job.note !== undefined) job.setNote({ ...job.note, askedAt: 0 });
  }

  /** Writes down that the job is about to be asked for; false where somebody else has begun meanwhile. */
  #intend(job: SlurmJob, note: SlurmNote): boolean {
    const mine = this.#me === undefined ? note : { ...note, askedBy: this.#me };
    if (job.note !== undefined) {
      job.setNote(mine);
      return true;
    }
    const isFirst = createNote(job.place.directory, mine);
    job.reload();
    return isFirst;
  }

  /** Looks what became of a submission whose answer nobody noted. True where there is none and the job may be asked for (again). */
  async #mayAskAgain(job: SlurmJob): Promise<boolean> {
    const note = job.note!;
    if (note.askedAt === 0) return true;
    const isOther = note.askedBy !== undefined && note.askedBy.pid !== process.pid;
    if (isOther && isSameProcessAlive(note.askedBy!)) {
      this.#postpone(job, 'unknown', 'another worker is submitting it');
      return false;
    }
    const rows = await this.#options.cluster.find(note.comment, note.jobName, note.askedAt);
    const suffix = note.task === undefined ? '' : `_${note.task}`;
    const bases = [...new Set(rows.map(({ id }) => baseId(id)))].sort((a, b) => Number(a) - Number(b));
    const claimed = readClaimedJob(job.place.directory);
    const owner = rows.find(({ rawId }) => rawId === claimed);
    const base = owner === undefined ? bases[0] : baseId(owner.id);
    if (base !== undefined) {
      took(job, `${base}${suffix}`);
      const others = bases.filter((other) => other !== base).map((other) => `${other}${suffix}`);
      if (others.length > 0) await this.#options.cluster.cancel(others);
      return false;
    }
    const age = Date.now() - note.askedAt * 1000;
    if (age >= this.#options.graceMs) return true;
    job.trouble = 'it is not known yet whether the cluster took it';
    job.nextTryAt = Date.now() + Math.min(2_000, this.#options.graceMs - age);
    return false;
  }

  /** Follows jobs of the same cluster that have not ended; those that have are the queue's business. */
  #dependency(job: SlurmJob): readonly string[] {
    const before = this.#runningBefore(job).flatMap(({ jobId }) => (jobId === undefined ? [] : [jobId]));
    return before.length === 0 ? [] : [`--dependency=afterok:${before.join(':')}`, '--kill-on-invalid-dep=yes'];
  }

  #runningBefore(job: SlurmJob): readonly SlurmJob[] {
    return (job.record.commandLaunch?.request.after ?? []).flatMap((id) => {
      const other = this.#options.jobOf(id as string as RunId);
      return other === undefined || other.exit() !== undefined ? [] : [other];
    });
  }

  /** Jobs that may share an array, in chunks that the cluster takes; everything else alone. */
  async #groups(jobs: readonly SlurmJob[]): Promise<readonly (readonly SlurmJob[])[]> {
    const groups = new Map<string, SlurmJob[]>();
    for (const job of jobs) {
      const isFresh = readNote(job.place.directory) === undefined && job.stop === undefined;
      const mayShare =
        isFresh && !job.isScript && job.settings.arrays !== false && this.#runningBefore(job).length === 0;
      // The user's own lines stand in each run's script and may differ.
      const key = mayShare ? JSON.stringify({ ...job.settings, setup: [], presets: {} }) : job.place.runId;
      groups.set(key, [...(groups.get(key) ?? []), job]);
    }
    if ([...groups.values()].every((group) => group.length === 1)) return [...groups.values()];
    const most = Math.max(1, Math.min(1_000, (await this.#options.cluster.maxArraySize()) - 1));
    return [...groups.values()].flatMap((group) => chunks(group, most));
  }
}

function intent(job: SlurmJob): SlurmNote {
  return {
    format: 1,
    runId: job.record.id,
    comment: job.record.id,
    jobName: job.record.name,
    askedAt: Date.now() / 1000,
    forgotten: job.note?.forgotten ?? [],
  };
}

function took(job: SlurmJob, jobId: string): void {
  job.setNote({ ...job.note!, jobId });
  job.failures = 0;
  job.trouble = undefined;
  job.changedAt = Date.now();
}

function refused(job: SlurmJob, message: string): void {
  job.trouble = undefined;
  job.conclude({ code: 127, signal: null, error: message });
}

/** What trying again cannot change: the launch itself asks for something impossible. */
function isOwnFault(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof AppError && /^bad-/.test(error.code));
}

function stoppedBeforeStart(job: SlurmJob): void {
  job.trouble = undefined;
  job.conclude({ code: 130, signal: null, error: 'It was stopped before it was submitted.', stopRequested: true });
}

function call({ args, cwd, env }: Submission): Parameters<Cluster['submit']> {
  return [args, env === undefined ? { cwd } : { cwd, env }];
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
