import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LaunchRecord } from '../../domain/launch.ts';
import {
  type ExitFile,
  type ProcessIdentity,
  runEnvironment,
  runFiles,
  type ShimState,
} from '../../domain/runDirectory.ts';
import { readJson } from '../files.ts';
import { claimJob, readStop, writeExit, writeState } from './jobFiles.ts';
import { identifyProcess, signalGroup } from './processIdentity.ts';
import { StopLadder } from './stopLadder.ts';

const heartbeatMs = 2_000;
const stopPollMs = 200;
/** How long the shim tries to write down how the job ended, for instance while the disk is full. */
const lastWordMs = 60 * 60 * 1000;

type Ending = Pick<ExitFile, 'code' | 'signal' | 'error'>;

/**
 * Runs the command of `launch.json` in `directory`, once for ever: whoever comes second finds the claim and leaves.
 * It keeps `state.json` fresh, sends the job's output to `output.log`, carries out stop requests and writes `exit.json`.
 * It has no parent that matters and no pipe to the job, so that either may be killed alone.
 */
export async function runShim(directory: string): Promise<void> {
  const record = readJson<LaunchRecord>(path.join(directory, runFiles.launch));
  if (record === undefined)
    throw new Error(`${path.join(directory, runFiles.launch)} is missing or is no launch record.`);
  const shim = identifyProcess(process.pid);
  if (shim === undefined) throw new Error('This process cannot be identified.');
  if (!claimJob(directory, { runId: record.id, shim })) return;
  const startedAt = Date.now() / 1000;
  const describe = (child?: ProcessIdentity): ShimState => ({
    runId: record.id,
    shim,
    ...(child === undefined ? {} : { child }),
    startedAt,
    heartbeatAt: Date.now() / 1000,
  });
  writeState(directory, describe());
  const ending = await supervise(directory, record, describe);
  await leaveLastWord(directory, {
    runId: record.id,
    endedAt: Date.now() / 1000,
    stopRequested: readStop(directory) !== undefined,
    ...ending,
  });
}

async function supervise(
  directory: string,
  record: LaunchRecord,
  describe: (child?: ProcessIdentity) => ShimState,
): Promise<Ending> {
  if (readStop(directory) !== undefined) return { code: 130, signal: null, error: 'It was stopped before it started.' };
  let child: ChildProcess;
  try {
    child = startCommand(directory, record);
  } catch (error) {
    return { code: 127, signal: null, error: `The command could not be started: ${(error as Error).message}` };
  }
  const ended = endOf(child);
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  tryToWriteState(directory, describe(identity));
  const heart = setInterval(() => tryToWriteState(directory, describe(identity)), heartbeatMs);
  const stopWatch = watchForStop(directory, child);
  try {
    return await ended;
  } finally {
    clearInterval(heart);
    stopWatch();
  }
}

function startCommand(directory: string, record: LaunchRecord): ChildProcess {
  const [program, ...args] = record.command;
  if (program === undefined) throw new Error('the launch record holds no command');
  const log = openSync(path.join(directory, runFiles.log), 'a', 0o600);
  try {
    return spawn(program, args, {
      cwd: record.cwd,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        ...record.env,
        [runEnvironment.runId]: record.id,
        [runEnvironment.runDirectory]: directory,
      },
    });
  } finally {
    closeSync(log);
  }
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      // Once it has a pid it was started; a failed signal is no end.
      if (child.pid === undefined)
        resolve({ code: 127, signal: null, error: `The command could not be started: ${error.message}` });
    });
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** Looks for `stop.json` and takes SIGTERM and SIGINT to itself as requests to stop the job. Gives a function that ends the watch. */
function watchForStop(directory: string, child: ChildProcess): () => void {
  const ladder = new StopLadder((signal) => child.pid !== undefined && signalGroup(child.pid, signal));
  let asked: number | undefined;
  const timer = setInterval(() => {
    const request = readStop(directory);
    if (request !== undefined) ladder.step(request);
    else if (asked !== undefined)
      ladder.step({ requestedAt: asked, force: false, interruptMs: 10_000, terminateMs: 5_000 });
  }, stopPollMs);
  const onSignal = () => {
    asked ??= Date.now();
  };
  const ignore = () => {};
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', ignore);
  return () => {
    clearInterval(timer);
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal).off('SIGHUP', ignore);
  };
}

/** A heartbeat that cannot be written is missed; the job does not suffer for it. */
function tryToWriteState(directory: string, state: ShimState): void {
  try {
    writeState(directory, state);
  } catch {
    // The next one may succeed.
  }
}

async function leaveLastWord(directory: string, exit: ExitFile): Promise<void> {
  const deadline = Date.now() + lastWordMs;
  for (;;) {
    try {
      writeExit(directory, exit);
      return;
    } catch (error) {
      const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (gone || Date.now() > deadline) throw error;
    }
    await delay(1_000);
  }
}
