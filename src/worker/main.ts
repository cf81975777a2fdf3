import { rmSync } from 'node:fs';
import { toErrorInfo } from '../base/errors.ts';
import { programVersion } from '../base/version.ts';
import { userWorkerPaths } from '../client/machine.ts';
import { ensurePrivateFolder } from '../client/privateFolder.ts';
import { exitAlreadyRunning, keepFromJobs, workerFailureFile } from '../client/startWorker.ts';
import { writeJsonSynced } from '../launch/files.ts';
import { findInstallation } from './installation.ts';
import { takeLock } from './lock.ts';
import { logLine } from './log.ts';
import { Worker } from './worker.ts';

const defaultIdleMinutes = 5;
const endPatienceMs = 2_000;

/**
 * Entry of the worker process. A start goes through these steps, each of which may find what an earlier worker left:
 * 1. the home folder is private to the user; 2. the lock is taken, or another worker answers and this one leaves (exit code 3);
 * 3. programs are copied to `<home>/bin/<version>-<hash>`, copies unused for 30 days go; 4. the database is opened and migrated;
 * 5. launches that were cut off are finished or forgotten, their hidden folders removed; 6. jobs that run are adopted, stops that were asked for go on,
 * jobs that were about to start are started (the claim in the run's directory keeps a second start from doing anything);
 * 7. a socket file without a listener is removed and the socket opened. Only then can a client connect.
 */
async function main(): Promise<void> {
  keepFromJobs(process.env);
  const paths = userWorkerPaths();
  ensurePrivateFolder(paths.home);
  const lock = await takeLock(paths);
  if (lock === undefined) {
    process.exitCode = exitAlreadyRunning;
    return;
  }
  const worker = new Worker({
    paths,
    installation: findInstallation(paths.home),
    idleMs: idleMs(),
    ...stopPatience(),
    onEnd: end,
  });
  let ending = false;
  function end(): void {
    if (ending) return;
    ending = true;
    worker.dispose();
    lock?.dispose();
    logLine('Ended.');
    endBySelf();
  }
  process.on('SIGTERM', end).on('SIGINT', end);
  process.on('SIGHUP', () => {});
  process.on('unhandledRejection', (reason) =>
    logLine(`Unhandled rejection: ${(reason as Error)?.stack ?? String(reason)}`),
  );
  await worker.start();
  rmSync(workerFailureFile(paths), { force: true });
  logLine(`Trainyard worker ${programVersion} on Node ${process.versions.node}, home ${paths.home}.`);
}

/**
 * The process ends when nothing is open any more. `process.exit` right after heavy work can wait for ever on Node 24, where it joins threads that
 * are still ending. Everything is on disk by now and the lock is given back, so whatever holds the process longer than a moment is cut off.
 */
function endBySelf(): void {
  process.exitCode = 0;
  setTimeout(() => {
    logLine('Something was still open at the end, which is cut off.');
    process.kill(process.pid, 'SIGKILL');
  }, endPatienceMs).unref();
}

/** `TRAINYARD_IDLE_MS` for tests, `TRAINYARD_IDLE_MINUTES` from the extension's setting. */
function idleMs(): number {
  const milliseconds = Number(process.env['TRAINYARD_IDLE_MS']);
  if (milliseconds > 0) return milliseconds;
  const minutes = Number(process.env['TRAINYARD_IDLE_MINUTES']);
  return (minutes > 0 ? minutes : defaultIdleMinutes) * 60_000;
}

/** `TRAINYARD_STOP_MS`: for tests, how long SIGINT and SIGTERM may each take. */
function stopPatience(): { interruptMs?: number; terminateMs?: number } {
  const milliseconds = Number(process.env['TRAINYARD_STOP_MS']);
  return milliseconds > 0 ? { interruptMs: milliseconds, terminateMs: milliseconds } : {};
}

/** Leaves the reason for the client that started this process. */
function reportFailure(error: unknown): void {
  logLine(`The worker could not start: ${(error as Error)?.stack ?? String(error)}`);
  try {
    writeJsonSynced(workerFailureFile(userWorkerPaths()), { pid: process.pid, error: toErrorInfo(error) }, 0o600);
  } catch {
    // The log has it.
  }
  process.exit(5);
}

main().catch(reportFailure);
