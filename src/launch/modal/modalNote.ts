import { rmSync } from 'node:fs';
import path from 'node:path';
import type { ProcessIdentity } from '../../domain/runDirectory.ts';
import { createFileSynced, readJson, writeJsonSynced } from '../files.ts';

/** `modal.json` in the run's directory: what Modal calls the job. A runner that comes later goes on from it. */
export interface ModalNote {
  readonly format: 1;
  readonly askedAt: number;
  readonly sandboxId?: string;
  /** The app of `modal run`: "ap-…". */
  readonly appId?: string;
}

const noteFile = 'modal.json';
const runnerFile = 'modal-runner.json';
/** Every file over there with size and time, so that checkpoints can be listed and fetched. */
export const remoteFilesFile = 'remote-files.json';

export function readModalNote(directory: string): ModalNote | undefined {
  return readJson<ModalNote>(path.join(directory, noteFile));
}

export function writeModalNote(directory: string, note: ModalNote): void {
  writeJsonSynced(path.join(directory, noteFile), note);
}

/** Who follows the job on this machine. */
export function readRunner(directory: string): ProcessIdentity | undefined {
  return readJson<ProcessIdentity>(path.join(directory, runnerFile));
}

/** Becomes the runner of a job; false where another one is. A dead one is told apart by `isAlive` and replaced. */
export function claimRunner(
  directory: string,
  runner: ProcessIdentity,
  isAlive: (identity: ProcessIdentity) => boolean,
): boolean {
  const file = path.join(directory, runnerFile);
  const holder = readRunner(directory);
  if (holder !== undefined && isAlive(holder)) return false;
  if (holder !== undefined) rmSync(file, { force: true });
  return createFileSynced(file, JSON.stringify(runner));
}
