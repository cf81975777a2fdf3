import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { FoundRun } from '../../../src/domain/records.ts';
import type { ReadingTimes } from './subject.ts';

/** What one reading of a run took, and what it found. */
export interface Reading extends ReadingTimes {
  readonly scalars: number;
  readonly tags: number;
  /** Resident memory of the process at the end, in bytes. */
  readonly memory: number;
}

/** Reads a run with our reader in a process of its own, as a reader thread does. Throws where it does not find every scalar. */
export async function readInFreshProcess(run: FoundRun, expectedScalars: number): Promise<Reading> {
  const program = path.join(import.meta.dirname, 'ours.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(run)]);
  const reading = JSON.parse(stdout) as Reading;
  if (reading.scalars !== expectedScalars)
    throw new Error(`${reading.scalars} of ${expectedScalars} scalars were read of ${run.path}.`);
  return reading;
}
