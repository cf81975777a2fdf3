import path from 'node:path';
import { type Disposable, Disposables } from '../../base/disposables.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runEnvironment, runFiles } from '../../domain/runDirectory.ts';
import type { CommandSettings } from '../../domain/target.ts';
import { writeElsewhere } from '../elsewhere.ts';
import { readJson } from '../files.ts';
import { readExit, readStop, writeExit, writeStop } from '../local/jobFiles.ts';
import type { Executed, Executor } from '../remote/executor.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../target.ts';
import { mirrorLog } from './mirrorLog.ts';
import { type CommandState, readState } from './states.ts';
import { claimSubmission, readSubmission, writeSubmission } from './submitted.ts';
import { fillTemplate, jobNameIn } from './templates.ts';

const commandLimitMs = 60_000;
const usualPollSeconds = 15;
/** Where nobody looks, questions are asked so much less often. */
const unwatchedFactor = 4;
const questionsAtOnce = 4;
/** A job that is to end is asked for soon, and again soon where the cancel command failed. */
const cancelPauseMs = 1_000;

interface Watched {
  askedAt: number;
  isAsking: boolean;
  known?: CommandState;
}

/**
 * Runs jobs through four commands of the user's: submit, status, logs, cancel. That covers PBS, LSF, Grid Engine, SkyPilot, dstack and whatever
 * else has a command line. The commands are argument vectors; what a job is told never meets a shell of ours.
 */
export class CommandTarget implements LaunchTarget, Disposable {
  readonly name = 'command';
  readonly #executor: Executor;
  readonly #owner = new Disposables();
  readonly #ended = new AbortController();
  readonly #submitting = new Set<string>();
  readonly #watched = new Map<string, Watched>();
  #asking = 0;

  constructor(executor: Executor) {
    this.#executor = executor;
    this.#owner.onDispose(() => this.#ended.abort());
  }

  async start(job: JobPlace): Promise<void> {
    const askedAt = Date.now() / 1000;
    if (readStop(job.directory) !== undefined) {
      this.#end(job, {
        kind: 'ended',
        exitCode: 1,
        failure: 'interrupted',
        detail: 'Stopped before it was submitted.',
      });
      return;
    }
    if (!claimSubmission(job.directory, { format: 1, askedAt })) return;
    this.#submitting.add(job.directory);
    try {
      const answer = await this.#run(job, 'submit', '');
      const name = answer.code === 0 ? jobNameIn(answer.stdout) : undefined;
      if (name !== undefined) {
        writeSubmission(job.directory, { format: 1, askedAt, job: name });
        this.#note(job, { kind: 'queued', detail: `submitted as ${name}` });
      } else this.#end(job, refused(answer));
    } finally {
      this.#submitting.delete(job.directory);
    }
  }

  inspect(job: JobPlace): JobPresence {
    const exit = readExit(job.directory);
    if (exit !== undefined) {
      const failure = this.#watched.get(job.directory)?.known?.failure;
      return {
        kind: 'ended',
        endedAt: exit.endedAt,
        detail: exit.error ?? `exit code ${exit.code}`,
        ...(exit.code === null ? {} : { exitCode: exit.code }),
        ...(failure === undefined ? {} : { failure }),
      };
    }
    const submission = readSubmission(job.directory);
    if (submission === undefined) return { kind: 'unclaimed' };
    if (submission.job === undefined && !this.#submitting.has(job.directory)) {
      return {
        kind: 'lost',
        detail: `The worker ended while the submit command ran, so it is not known whether there is a job. Look for ${job.runId} where it was submitted to.`,
      };
    }
    const known = this.#watched.get(job.directory)?.known;
    if (known?.kind === 'running') return { kind: 'running', detail: `${submission.job}: ${known.detail}` };
    return { kind: 'queued', detail: known?.detail ?? `submitted as ${submission.job ?? '…'}` };
  }

  watch(jobs: readonly JobPlace[], isWatched: boolean): void {
    const now = Date.now();
    for (const job of jobs) {
      const watched = this.#watched.get(job.directory) ?? { askedAt: 0, isAsking: false };
      this.#watched.set(job.directory, watched);
      const seconds = settingsOf(job)?.pollSeconds ?? usualPollSeconds;
      const pauseMs = this.#mustCancel(job) ? cancelPauseMs : seconds * 1000 * (isWatched ? 1 : unwatchedFactor);
      if (watched.isAsking || this.#asking >= questionsAtOnce || now - watched.askedAt < pauseMs) continue;
      if (readSubmission(job.directory)?.job === undefined || readExit(job.directory) !== undefined) continue;
      watched.isAsking = true;
      watched.askedAt = now;
      this.#asking += 1;
      void this.#ask(job, watched).finally(() => {
        watched.isAsking = false;
        this.#asking -= 1;
      });
    }
  }

  stop(job: JobPlace, { force }: { readonly force: boolean }): void {
    if (readStop(job.directory) === undefined)
      writeStop(job.directory, { requestedAt: Date.now(), force, interruptMs: 0, terminateMs: 0 });
  }

  dispose(): void {
    this.#owner.dispose();
  }

  async #ask(job: JobPlace, watched: Watched): Promise<void> {
    const submission = readSubmission(job.directory)!;
    try {
      if (this.#mustCancel(job)) {
        const answer = await this.#run(job, 'cancel', submission.job!);
        if (answer.code === 0) writeSubmission(job.directory, { ...submission, cancelledAt: Date.now() / 1000 });
      }
      const answer = await this.#run(job, 'status', submission.job!);
      const state: CommandState =
        answer.code === 0
          ? readState(answer.stdout)
          : { kind: 'unknown', detail: `The status command failed: ${lastWords(answer)}` };
      const logs = settingsOf(job)?.logs;
      if (logs !== undefined) {
        const output = await this.#run(job, 'logs', submission.job!);
        if (output.code === 0) mirrorLog(path.join(job.directory, runFiles.log), output.stdout);
      }
      if (this.#ended.signal.aborted) return;
      // No answer is no end: what was known stays, with the new words.
      watched.known =
        state.kind === 'unknown' ? { ...(watched.known ?? { kind: 'queued' }), detail: state.detail } : state;
      if (state.kind === 'ended') this.#end(job, state);
      else this.#note(job, watched.known);
    } catch (error) {
      if (!this.#ended.signal.aborted)
        watched.known = { ...(watched.known ?? { kind: 'queued' }), detail: (error as Error).message };
    }
  }

  #mustCancel(job: JobPlace): boolean {
    return readStop(job.directory) !== undefined && readSubmission(job.directory)?.cancelledAt === undefined;
  }

  #run(job: JobPlace, which: 'submit' | 'status' | 'logs' | 'cancel', name: string): Promise<Executed> {
    const record = recordOf(job);
    const template = settingsOf(job)?.[which] ?? [];
    const values = {
      run: record?.name ?? path.basename(job.directory),
      id: job.runId,
      directory: job.directory,
      cwd: record?.cwd ?? job.directory,
      job: name,
      command: record?.command ?? [],
    };
    return this.#executor.run(fillTemplate(template, values), {
      cwd: values.cwd,
      env: { ...record?.env, [runEnvironment.runId]: job.runId, [runEnvironment.runDirectory]: job.directory },
      timeoutMs: commandLimitMs,
      signal: this.#ended.signal,
    });
  }

  #note(job: JobPlace, state: CommandState): void {
    const target = recordOf(job)?.commandLaunch?.target.name ?? 'elsewhere';
    writeElsewhere(job.directory, {
      runId: job.runId,
      where: `${readSubmission(job.directory)?.job ?? 'job'} on ${target}`,
      state: state.kind === 'running' ? 'running' : 'queued',
      detail: state.detail,
    });
  }

  #end(job: JobPlace, state: CommandState): void {
    const known = this.#watched.get(job.directory);
    this.#watched.set(job.directory, { ...(known ?? { askedAt: 0, isAsking: false }), known: state });
    const isWell = state.exitCode === 0;
    writeExit(job.directory, {
      runId: job.runId,
      code: state.exitCode ?? 1,
      signal: null,
      endedAt: Date.now() / 1000,
      stopRequested: readStop(job.directory) !== undefined,
      ...(isWell ? {} : { error: state.detail }),
    });
  }
}

function recordOf(job: JobPlace): LaunchRecord | undefined {
  return readJson<LaunchRecord>(path.join(job.directory, runFiles.launch));
}

function settingsOf(job: JobPlace): CommandSettings | undefined {
  const settings = recordOf(job)?.commandLaunch?.target.settings;
  return settings?.kind === 'command' ? settings : undefined;
}

function refused(answer: Executed): CommandState {
  const said = lastWords(answer);
  const detail =
    answer.code === 0
      ? 'The submit command did not say what it called the job.'
      : `The submit command failed with exit code ${answer.code}: ${said}`;
  return { kind: 'ended', exitCode: answer.code === 0 ? 1 : answer.code, failure: 'error', detail };
}

function lastWords({ code, stderr, stdout }: Executed): string {
  const line = (stderr.trim() || stdout.trim()).split('\n').at(-1)?.trim() ?? '';
  return line === '' ? `exit code ${code}, without a word` : line.slice(0, 300);
}
