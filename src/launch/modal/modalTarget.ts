import { spawn } from 'node:child_process';
import type { Disposable } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import type { ModalSettings, RemoteFile, TargetReport } from '../../domain/target.ts';
import { readElsewhere } from '../elsewhere.ts';
import { readExit, readStop, writeStop } from '../local/jobFiles.ts';
import { isSameProcessAlive } from '../local/processIdentity.ts';
import { LocalExecutor } from '../remote/localExecutor.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../target.ts';
import { readRunner } from './modalNote.ts';
import { fetchModalFile, modalFiles } from './volumeFiles.ts';

/** A runner that died is followed by another one, but not more often than this. */
const restartPauseMs = 10_000;
const programLimitMs = 15_000;

export interface ModalTargetOptions {
  /** The runner's program: `dist/modal.cjs`. */
  readonly runnerFile: string;
  readonly node: string;
  readonly env: { readonly [name: string]: string };
  /** Where complaints of runners go: a file descriptor, or nowhere. */
  readonly log?: number;
}

/**
 * Runs jobs at Modal, each followed by a process of its own on this machine. The job does not need its follower: when that one dies, with the worker or the
 * machine, the next one goes on from what Modal has.
 */
export class ModalTarget implements LaunchTarget, Disposable {
  readonly name = 'modal';
  readonly #options: ModalTargetOptions;
  readonly #startedAt = new Map<string, number>();

  constructor(options: ModalTargetOptions) {
    this.#options = options;
  }

  async start(job: JobPlace): Promise<void> {
    this.#startedAt.set(job.directory, Date.now());
    const { runnerFile, node, env, log } = this.#options;
    const runner = spawn(node, ['--disable-warning=ExperimentalWarning', runnerFile, job.directory], {
      cwd: job.directory,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'ignore', log ?? 'ignore'],
      // The newer kind of sandbox keeps only the end of its output, and has no GPUs.
      env: { ...process.env, ...env, MODAL_SANDBOX_V2: '0' },
    });
    await new Promise<void>((resolve, reject) => {
      runner.once('spawn', resolve);
      runner.once('error', (cause) =>
        reject(new AppError('internal', `The job could not be started: ${cause.message}`, { cause })),
      );
    });
    runner.on('error', () => {});
    runner.unref();
  }

  inspect(job: JobPlace): JobPresence {
    const exit = readExit(job.directory);
    if (exit !== undefined) {
      return {
        kind: 'ended',
        endedAt: exit.endedAt,
        detail: exit.error ?? `exit code ${exit.code}`,
        ...(exit.code === null ? {} : { exitCode: exit.code }),
      };
    }
    const runner = readRunner(job.directory);
    if (runner === undefined) return { kind: 'unclaimed' };
    const elsewhere = readElsewhere(job.directory);
    const isFollowed = isSameProcessAlive(runner);
    const detail = `${elsewhere?.detail ?? 'Modal is asked for a place.'}${isFollowed ? '' : ' Nobody follows it at the moment.'}`;
    if (elsewhere?.state !== 'running') return { kind: 'queued', detail };
    const { startedAt } = elsewhere;
    return { kind: 'running', detail, ...(startedAt === undefined ? {} : { startedAt }) };
  }

  watch(jobs: readonly JobPlace[]): void {
    for (const job of jobs) {
      const runner = readRunner(job.directory);
      if (runner === undefined || readExit(job.directory) !== undefined || isSameProcessAlive(runner)) continue;
      if (Date.now() - (this.#startedAt.get(job.directory) ?? 0) < restartPauseMs) continue;
      void this.start(job).catch(() => {});
    }
  }

  stop(job: JobPlace, { force }: { readonly force: boolean }): void {
    const earlier = readStop(job.directory);
    if (earlier !== undefined && (!force || earlier.force)) return;
    writeStop(job.directory, {
      requestedAt: earlier?.requestedAt ?? Date.now(),
      force,
      interruptMs: 0,
      terminateMs: 0,
    });
  }

  files(job: JobPlace): readonly RemoteFile[] {
    return modalFiles(job);
  }

  fetch(job: JobPlace, file: string): Promise<string> {
    return fetchModalFile(job, file, new LocalExecutor());
  }

  /** The sandbox or app goes on; its runner too. */
  dispose(): void {}
}

/** What a person should know before a launch: the program, the price, the limit. */
export async function reportModal(name: string, settings: ModalSettings): Promise<TargetReport> {
  const problems: string[] = [];
  const lines = [
    ...costLines(settings),
    'Trainyard has been tested against a local server of Modal’s protocol, never against Modal.',
  ];
  if (settings.mode === 'app') {
    const program = settings.program ?? ['modal'];
    const answer = await new LocalExecutor()
      .run([...program, '--version'], { timeoutMs: programLimitMs })
      .catch(() => undefined);
    if (answer?.code === 0) lines.unshift(answer.stdout.trim());
    else
      problems.push(
        `"${program.join(' ')} --version" failed. Install Modal's program with "pip install modal" and run "modal setup".`,
      );
  }
  return { name, kind: 'modal', usable: problems.length === 0, lines, problems };
}

/** What a launch may cost at most, as far as the user has said what an hour costs. */
export function costLines({ gpu, pricePerHour, timeoutMinutes }: ModalSettings): readonly string[] {
  const what = gpu === undefined ? 'no GPU' : gpu;
  const hours = (timeoutMinutes ?? 24 * 60) / 60;
  if (pricePerHour === undefined)
    return [
      `Modal bills ${what} by the second, for at most ${hours} h; pricePerHour in trainyard.yaml would say how much.`,
    ];
  const most = (pricePerHour * hours).toFixed(2);
  return [`${what} at $${pricePerHour} an hour, for at most ${hours} h: at most $${most}.`];
}
