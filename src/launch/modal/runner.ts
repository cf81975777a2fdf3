import path from 'node:path';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import type { ModalSettings } from '../../domain/target.ts';
import { writeElsewhere } from '../elsewhere.ts';
import { readJson } from '../files.ts';
import { readExit, readStop, writeExit } from '../local/jobFiles.ts';
import { identifyProcess, isSameProcessAlive } from '../local/processIdentity.ts';
import { startApp } from './appRun.ts';
import { claimRunner } from './modalNote.ts';
import type { ModalEnd, ModalRun } from './modalRun.ts';
import { startSandbox } from './sandboxRun.ts';

const stopPollMs = 300;
/** How long a job that was asked to end may take before it is ended the hard way. */
const patienceMs = 60_000;

type Start = (directory: string, record: LaunchRecord, settings: ModalSettings) => Promise<ModalRun>;

/** Every mode of the target. */
const modes: { readonly [M in ModalSettings['mode']]: Start } = { app: startApp, sandbox: startSandbox };

/**
 * Starts the job at Modal, or goes on with the one that an earlier runner started, and follows it to its end: a process of its own, so that a worker may
 * come and go. One runner per job; whoever comes second leaves.
 */
export async function followJob(directory: string): Promise<void> {
  const record = readJson<LaunchRecord>(path.join(directory, runFiles.launch));
  const settings = record?.commandLaunch?.target.settings;
  if (record === undefined || settings?.kind !== 'modal')
    throw new Error(`${path.join(directory, runFiles.launch)} is missing or is no launch at Modal.`);
  const self = identifyProcess(process.pid);
  if (self === undefined || !claimRunner(directory, self, isSameProcessAlive)) return;
  if (readExit(directory) !== undefined) return;
  const end = await carryOut(directory, record, settings);
  writeExit(directory, {
    runId: record.id,
    code: end.code,
    signal: null,
    endedAt: Date.now() / 1000,
    stopRequested: readStop(directory) !== undefined,
    ...(end.error === undefined ? {} : { error: end.error }),
  });
}

async function carryOut(directory: string, record: LaunchRecord, settings: ModalSettings): Promise<ModalEnd> {
  if (readStop(directory) !== undefined) return { code: 130, error: 'It was stopped before it started.' };
  let run: ModalRun;
  try {
    run = await modes[settings.mode](directory, record, settings);
  } catch (error) {
    return { code: 1, error: `Modal did not take the job: ${wordsOf(error)}` };
  }
  const startedAt = Date.now() / 1000;
  const detail = `${run.where} runs.`;
  writeElsewhere(directory, { runId: record.id, where: run.where, state: 'running', detail, startedAt });
  const stopWatch = watchForStop(directory, run);
  try {
    return await run.ended;
  } finally {
    stopWatch();
  }
}

/** Looks for `stop.json` and hands the wish on: once gently, and once hard when it is forced or takes too long. */
function watchForStop(directory: string, run: ModalRun): () => void {
  let asked: 'no' | 'gently' | 'hard' = 'no';
  const timer = setInterval(() => {
    const request = readStop(directory);
    if (request === undefined || asked === 'hard') return;
    const isHard = request.force || Date.now() - request.requestedAt > patienceMs;
    if (!isHard && asked === 'gently') return;
    asked = isHard ? 'hard' : 'gently';
    run.stop(isHard).catch((error: Error) => console.error(`The stop did not reach Modal: ${error.message}`));
  }, stopPollMs);
  return () => clearInterval(timer);
}

/** The SDK's own errors name no way out of the most common trouble. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/token|credential|MODAL_TOKEN|authenticat/i.test(message))
    return `${message} Run "modal setup" in a terminal, or set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.`;
  return message;
}
