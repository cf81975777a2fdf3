import path from 'node:path';
import { createFileSynced, readJson, writeJsonSynced } from '../files.ts';

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

/** Takes the right to submit; false where somebody has it already. */
export function claimSubmission(directory: string, submission: Submission): boolean {
  return createFileSynced(path.join(directory, name), JSON.stringify(submission));
}

export function writeSubmission(directory: string, submission: Submission): void {
  writeJsonSynced(path.join(directory, name), submission);
}
