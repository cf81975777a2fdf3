import { spawn } from 'node:child_process';
import type { Disposable } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import type { JobPlace, JobPresence, LaunchTarget } from '../target.ts';
import { gpuEnvironment } from './gpus.ts';
import { endFromFile, readClaim, readState, readStop, type StopRequest, writeStop } from './jobFiles.ts';
import { findRunProcess, isSameProcessAlive, signalGroup } from './processIdentity.ts';
import { folderNamedBySecond, StartTurns, type TurnClock } from './startTurns.ts';
import { StopLadder } from './stopLadder.ts';

const orphanStepMs = 250;

export interface LocalTargetOptions {
  /** The shim's program: `dist/shim.cjs`. */
  readonly shimFile: string;
  /** Node for the shim. */
  readonly node: string;
  /** Variables that every job gets beyond those of this process. */
  readonly env: { readonly [name: string]: string };
  /** How long a stopped job may take after SIGINT, and then after SIGTERM. */
  readonly interruptMs?: number;
  readonly terminateMs?: number;
  /** Where complaints of shims go: a file descriptor, or nowhere. */
  readonly log?: number;
  /** Clock of starts that must not fall into one second; absent: the machine's. */
  readonly clock?: TurnClock;
}

/** Runs jobs on this machine, each under a shim of its own that outlives the worker. */
export class LocalTarget implements LaunchTarget, Disposable {
  readonly name = 'local';
  readonly #options: LocalTargetOptions;
  readonly #turns: StartTurns;
  readonly #orphanStops = new Map<string, NodeJS.Timeout>();

  constructor(options: LocalTargetOptions) {
    this.#options = options;
    this.#turns = new StartTurns(options.clock);
  }

  async start(job: JobPlace): Promise<void> {
    const shared = folderNamedBySecond(job.directory);
    if (shared === undefined || (await this.#turns.take(job.directory, shared))) await this.#startShim(job);
  }

  async #startShim(job: JobPlace): Promise<void> {
    const { shimFile, node, env, log } = this.#options;
    const shim = spawn(node, ['--disable-warning=ExperimentalWarning', shimFile, job.directory], {
      cwd: job.directory,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'ignore', log ?? 'ignore'],
      // The shim hands its environment on; what the launch record sets comes on top.
      env: { ...process.env, ...env, ...(job.assigned === undefined ? {} : gpuEnvironment(job.assigned)) },
    });
    await new Promise<void>((resolve, reject) => {
      shim.once('spawn', resolve);
      shim.once('error', (cause) =>
        reject(new AppError('internal', `The job could not be started: ${cause.message}`, { cause })),
      );
    });
    shim.on('error', () => {});
    shim.unref();
  }

  inspect(job: JobPlace): JobPresence {
    const exit = endFromFile(job.directory);
    if (exit !== undefined) return exit;
    const claim = readClaim(job.directory);
    if (claim === undefined) return { kind: 'unclaimed' };
    const state = readState(job.directory);
    const since = state === undefined ? {} : { startedAt: state.startedAt };
    if (isSameProcessAlive(claim.shim))
      return { kind: 'running', ...since, detail: `process ${state?.child?.pid ?? claim.shim.pid}` };
    const child = this.#orphan(job, claim.shim.pid);
    if (child !== undefined) return { kind: 'running', ...since, detail: `process ${child} (its shim is gone)` };
    // The shim may have written its last word between the two looks.
    return (
      endFromFile(job.directory) ?? {
        kind: 'lost',
        detail: 'The process is gone and nobody saw how it ended (its shim was killed, or the machine went down).',
      }
    );
  }

  stop(job: JobPlace, { force }: { readonly force: boolean }): void {
    const { interruptMs = 10_000, terminateMs = 5_000 } = this.#options;
    const earlier = readStop(job.directory);
    if (earlier === undefined || (force && !earlier.force)) {
      writeStop(job.directory, { requestedAt: earlier?.requestedAt ?? Date.now(), force, interruptMs, terminateMs });
    }
    this.resumeStop(job);
  }

  /** Whether somebody asked for the job's end. */
  isStopAsked(job: JobPlace): boolean {
    return readStop(job.directory) !== undefined;
  }

  /** Goes on with a stop that was asked for: of use where the shim, whose work it is, has been killed. Does nothing where no stop was asked for. */
  resumeStop(job: JobPlace): void {
    if (this.#orphanStops.has(job.directory)) return;
    const ladder = new StopLadder((signal) => {
      const claim = readClaim(job.directory);
      if (claim === undefined || isSameProcessAlive(claim.shim)) return;
      const child = this.#orphan(job, claim.shim.pid);
      if (child !== undefined) signalGroup(child, signal);
    });
    const step = () => {
      const request: StopRequest | undefined = readStop(job.directory);
      if (request === undefined || this.inspect(job).kind !== 'running') this.#endStop(job.directory);
      else if (!shimLives(job)) ladder.step(request);
    };
    this.#orphanStops.set(job.directory, setInterval(step, orphanStepMs));
  }

  dispose(): void {
    this.#turns.dispose();
    for (const directory of [...this.#orphanStops.keys()]) this.#endStop(directory);
  }

  #endStop(directory: string): void {
    clearInterval(this.#orphanStops.get(directory));
    this.#orphanStops.delete(directory);
  }

  /** The job's process where its shim is gone: the noted one, or one that was started just before the shim could note it. */
  #orphan(job: JobPlace, shimPid: number): number | undefined {
    const child = readState(job.directory)?.child;
    if (child !== undefined) return isSameProcessAlive(child) ? child.pid : undefined;
    return findRunProcess(job.runId, [shimPid, process.pid])?.pid;
  }
}

function shimLives(job: JobPlace): boolean {
  const claim = readClaim(job.directory);
  return claim !== undefined && isSameProcessAlive(claim.shim);
}
