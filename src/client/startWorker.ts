import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError, type ErrorInfo, fromErrorInfo } from '../base/errors.ts';
import { runEnvironment } from '../domain/runDirectory.ts';
import type { WorkerPaths } from '../protocol/paths.ts';
import { ensurePrivateFolder } from './privateFolder.ts';

const maxLogBytes = 5_000_000;

/** Young objects get 4 MB per thread instead of 16: most of what the worker makes is thrown away at once, and a hundred MB less stay in memory. */
export const workerNodeArguments = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'] as const;

/**
 * One arena of malloc for all threads (mallopt(3)): what one thread takes and another gives back does not pile up in an arena of its own, and sixty MB less stay in
 * memory after ten thousand runs. The zero in front tells it from what a person has set, so that the worker can take it out before it starts anything.
 */
export const workerMemory = { MALLOC_ARENA_MAX: '01' } as const;

/** Takes out of a worker's environment what only it was meant to have; what a person has set stays for the jobs. */
export function keepFromJobs(env: NodeJS.ProcessEnv): void {
  for (const [name, own] of Object.entries(workerMemory)) if (env[name] === own) delete env[name];
}

/** Exit code of a worker that found another one alive: no failure, the caller connects to that one. */
export const exitAlreadyRunning = 3;

/** What a worker that could not start leaves for the client that started it: `<home>/worker-failure.json`. */
export interface WorkerFailure {
  readonly pid: number;
  readonly error: ErrorInfo;
}

export function workerFailureFile(paths: WorkerPaths): string {
  return path.join(paths.home, 'worker-failure.json');
}

export interface WorkerProgram {
  /** `dist/worker.cjs`. */
  readonly file: string;
  /** Node, or an Electron that plays Node. Absent: the program that runs this one. */
  readonly node?: string;
  readonly env: { readonly [name: string]: string | undefined };
}

/** A worker that was started and may still fail. */
export interface StartedWorker {
  /** Undefined while it runs or where another worker was there already; else why it ended. */
  failure(): AppError | undefined;
}

/** Starts a worker that outlives this process. Its output goes to `worker.log`, which is turned over once when it is large. */
export function startWorker(program: WorkerProgram, paths: WorkerPaths): StartedWorker {
  ensurePrivateFolder(paths.home);
  turnOver(paths.log);
  const log = openSync(paths.log, 'a', 0o600);
  let failure: AppError | undefined;
  let child: ChildProcess;
  try {
    child = spawn(program.node ?? process.execPath, [...workerNodeArguments, program.file], {
      cwd: paths.home,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log, log],
      env: workerEnvironment(program.env),
    });
  } finally {
    closeSync(log);
  }
  child.on('error', (cause) => {
    failure = startError(`The worker could not be started: ${cause.message}`, paths, cause);
  });
  child.on('exit', (code, signal) => {
    if (code === 0 || code === exitAlreadyRunning) return;
    failure =
      writtenFailure(paths, child.pid) ??
      startError(`The worker ended at once (${signal ?? `exit code ${code}`}).`, paths);
  });
  child.unref();
  return { failure: () => failure };
}

/**
 * The environment without what belongs to the window or to a job that calls the command line: VS Code's own variables, a debugger's options and
 * the identity of a run must not reach other jobs.
 */
function workerEnvironment(env: WorkerProgram['env']): NodeJS.ProcessEnv {
  const foreign: readonly string[] = ['NODE_OPTIONS', runEnvironment.runId, runEnvironment.runDirectory];
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('VSCODE_') && !foreign.includes(name));
  return { ...workerMemory, ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: '1' };
}

function turnOver(log: string): void {
  try {
    if (statSync(log).size > maxLogBytes) renameSync(log, `${log}.1`);
  } catch {
    // There is no log yet, or another client turns it over now.
  }
}

function writtenFailure(paths: WorkerPaths, pid: number | undefined): AppError | undefined {
  const file = workerFailureFile(paths);
  try {
    const written = JSON.parse(readFileSync(file, 'utf8')) as WorkerFailure;
    if (written.pid !== pid) return undefined;
    rmSync(file, { force: true });
    return fromErrorInfo(written.error);
  } catch {
    return undefined;
  }
}

function startError(message: string, paths: WorkerPaths, cause?: unknown): AppError {
  return new AppError('worker-unavailable', message, { hint: `Its log is ${paths.log}.`, cause });
}
