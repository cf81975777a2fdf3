import { linkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { readJson, syncFolder, writeAndSync, writeJsonSynced } from '../files.ts';

/** `submitted.json` in the run's directory. Without `job` a submission was begun and nobody noted how it went. */
export interface Submission {
  readonly format: 1;
  readonly askedAt: number;
  /** What the submit command called the job. */
  readonly job?: string;
  /** The cancel command ended well at that time. */
  readonly cancelledAt?: number;
}

const name = 'submitted.json';

export function readSubmission(directory: string): Submission | undefined {
  return readJson<Submission>(path.join(directory, name));
}

/** Takes the right to submit; false where somebody has it already. A link is made whole or not at all. */
export function claimSubmission(directory: string, submission: Submission): boolean {
  const file = path.join(directory, name);
  const temporary = `${file}.new-${process.pid}`;
  writeAndSync(temporary, JSON.stringify(submission));
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(directory);
  return true;
}

export function writeSubmission(directory: string, submission: Submission): void {
  writeJsonSynced(path.join(directory, name), submission);
}
