import path from 'node:path';
import type { RunId } from '../../domain/ids.ts';
import { type ExitFile, type ProcessIdentity, runFiles, type ShimState } from '../../domain/runDirectory.ts';
import { createFileSynced, readJson, writeJsonSynced } from '../files.ts';
import type { JobPresence } from '../target.ts';

/** Files between the local target and the shim, beside those of `runFiles`. */
const claimFile = 'claim.json';
const stopFile = 'stop.json';

/** `claim.json`: who took the job. It is made once for ever, so a job is never started twice. */
export interface Claim {
  readonly runId: RunId;
  readonly shim: ProcessIdentity;
}

/** `stop.json`: somebody wants the job to end. It stays, so that it survives whoever asked. */
export interface StopRequest {
  readonly requestedAt: number;
  /** Kill at once instead of asking first. */
  readonly force: boolean;
  /** How long SIGINT and then SIGTERM may take before the next one comes. */
  readonly interruptMs: number;
  readonly terminateMs: number;
}

/** Takes the job. False where somebody has already. */
export function claimJob(directory: string, claim: Claim): boolean {
  return createFileSynced(path.join(directory, claimFile), JSON.stringify(claim));
}

export function readClaim(directory: string): Claim | undefined {
  return readJson<Claim>(path.join(directory, claimFile));
}

export function readStop(directory: string): StopRequest | undefined {
  return readJson<StopRequest>(path.join(directory, stopFile));
}

export function writeStop(directory: string, request: StopRequest): void {
  writeJsonSynced(path.join(directory, stopFile), request);
}

export function readState(directory: string): ShimState | undefined {
  return readJson<ShimState>(path.join(directory, runFiles.state));
}

export function writeState(directory: string, state: ShimState): void {
  writeJsonSynced(path.join(directory, runFiles.state), state);
}

export function readExit(directory: string): ExitFile | undefined {
  return readJson<ExitFile>(path.join(directory, runFiles.exit));
}

export function writeExit(directory: string, exit: ExitFile): void {
  writeJsonSynced(path.join(directory, runFiles.exit), exit);
}

/** How a job ended by its exit.json; undefined where there is none. */
export function endFromFile(directory: string): Extract<JobPresence, { kind: 'ended' }> | undefined {
  const exit = readExit(directory);
  if (exit === undefined) return undefined;
  const startedAt = readState(directory)?.startedAt;
  return { ...endOf(exit), ...(startedAt === undefined ? {} : { startedAt }) };
}

/** An exit.json as the queue wants it. */
export function endOf(exit: ExitFile): Extract<JobPresence, { kind: 'ended' }> {
  return {
    kind: 'ended',
    ...(exit.code === null ? {} : { exitCode: exit.code }),
    ...(exit.signal === null ? {} : { signal: exit.signal }),
    endedAt: exit.endedAt,
    detail: exit.error ?? (exit.signal === null ? `exit code ${exit.code}` : `ended by ${exit.signal}`),
  };
}
