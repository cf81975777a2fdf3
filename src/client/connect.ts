import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../base/errors.ts';
import type { WorkerPaths } from '../protocol/paths.ts';
import { type ClientIdentity, greetWorker, judgeVersions, type WorkerConnection } from './handshake.ts';
import { userWorkerPaths } from './machine.ts';
import { type StartedWorker, startWorker } from './startWorker.ts';

const retryMs = 40;
/** A worker that was started and found another one alive leaves; that other one may end just then, so starting is tried again. */
const restartAfterMs = 3_000;

export interface ConnectOptions extends ClientIdentity {
  /** `dist/worker.cjs`, which is started where no worker listens. Absent: nothing is started. */
  readonly workerFile?: string;
  /** Node for the worker; absent: the program that runs this one. */
  readonly node?: string;
  /** Absent: the environment of this process. */
  readonly env?: { readonly [name: string]: string | undefined };
  /** How long to wait for a worker, at most. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * A connection to the user's worker, which is started where none runs. A worker of an older version is asked to end and replaced (its jobs go on);
 * a newer protocol is an error `worker-version`. Throws `worker-unavailable` where there is no worker in time.
 */
export async function connectToWorker(options: ConnectOptions): Promise<WorkerConnection> {
  const paths = userWorkerPaths(options.env);
  const deadline = Date.now() + (options.timeoutMs ?? 20_000);
  let started: { readonly worker: StartedWorker; readonly at: number } | undefined;
  for (;;) {
    const connection = await fittingWorker(paths, options);
    if (connection !== undefined) return connection;
    const failure = started?.worker.failure();
    if (failure !== undefined) throw failure;
    if (options.workerFile === undefined) throw notRunning();
    if (started === undefined || Date.now() - started.at > restartAfterMs) {
      started = { worker: start(options.workerFile, options, paths), at: Date.now() };
    }
    if (Date.now() > deadline) throw tooLate(paths);
    await pause(options.signal);
  }
}

/** Asks the worker to end and waits until it is gone. True where one was running. */
export async function shutDownWorker(options: ConnectOptions): Promise<boolean> {
  const paths = userWorkerPaths(options.env);
  const connection = await greetWorker(paths, options);
  if (connection === undefined) return false;
  await endWorker(connection);
  return true;
}

async function fittingWorker(paths: WorkerPaths, options: ConnectOptions): Promise<WorkerConnection | undefined> {
  const connection = await greetWorker(paths, options);
  if (connection === undefined) return undefined;
  const verdict = judgeVersions(connection.hello, options);
  if (verdict === 'fits' || (verdict === 'older' && options.workerFile === undefined)) return connection;
  if (verdict === 'older') {
    await endWorker(connection);
    return undefined;
  }
  connection.dispose();
  throw new AppError('worker-version', `A newer Trainyard worker (${connection.hello.version}) is running.`, {
    hint: 'Reload this window to use the updated extension, or run "Trainyard: Restart Worker".',
  });
}

/** A worker that does not know how to shut down is told by a signal; it answered on our private socket, so the process is ours. */
async function endWorker(connection: WorkerConnection): Promise<void> {
  const gone = new Promise<void>((resolve) => connection.onClose(resolve));
  try {
    await connection.call('worker.shutdown', {});
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'closed')) signalProcess(connection.hello.pid);
  }
  await Promise.race([gone, delay(5_000)]);
  connection.dispose();
}

function signalProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has gone already.
  }
}

function start(file: string, options: ConnectOptions, paths: WorkerPaths): StartedWorker {
  const env = options.env ?? process.env;
  return startWorker(options.node === undefined ? { file, env } : { file, env, node: options.node }, paths);
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(retryMs, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw new AppError('cancelled', 'Connecting to the worker was cancelled.');
  }
}

function notRunning(): AppError {
  return new AppError('worker-unavailable', 'No Trainyard worker is running.', {
    hint: 'Launch a run, or open a folder in VS Code, to start it.',
  });
}

function tooLate(paths: WorkerPaths): AppError {
  return new AppError('worker-unavailable', 'The worker was started but does not answer.', {
    hint: `Its log is ${paths.log}.`,
  });
}
