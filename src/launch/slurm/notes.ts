import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunId } from '../../domain/ids.ts';
import type { ProcessIdentity } from '../../domain/runDirectory.ts';
import { createFileSynced, readJson, writeJsonSynced } from '../files.ts';

/** Files of a run directory that only SLURM jobs have. */
export const slurmFiles = {
  /** What was asked of SLURM, and what it answered: written before sbatch runs and again behind it. */
  note: 'slurm.json',
  script: 'slurm-job.sh',
  arrayScript: 'slurm-array.sh',
  /** Number of the job that took the run. */
  claim: 'slurm-claim',
  /** A line of JSON per start of the job. */
  starts: 'slurm-starts.jsonl',
  /** Like exit.json, of a program that ended after SLURM's own SIGTERM: whether that is the end, SLURM knows. */
  endedByTerm: 'slurm-term.json',
} as const;

/** `slurm.json`. Without `jobId` a submission was begun and nobody noted how it went. */
export interface SlurmNote {
  readonly format: 1;
  readonly runId: RunId;
  /** By these two the job is known: a number alone is given again after a controller lost its state. */
  readonly comment: string;
  readonly jobName: string;
  /** Number of the task, where the run is one of an array. */
  readonly task?: number;
  readonly askedAt: number;
  readonly askedBy?: ProcessIdentity;
  /** "4711", "4711_3"; of a user's own array script the number of the array. */
  readonly jobId?: string;
  /** Jobs that the controller has forgotten before they started. */
  readonly forgotten: readonly string[];
  /** Where the job's output goes, for scripts that say so themselves. */
  readonly output?: string;
}

/** A line of `slurm-starts.jsonl`. */
export interface JobStart {
  readonly job: string;
  readonly restart: number;
  readonly node: string;
  readonly at: number;
}

export function readNote(directory: string): SlurmNote | undefined {
  return readJson<SlurmNote>(path.join(directory, slurmFiles.note));
}

export function writeNote(directory: string, note: SlurmNote): void {
  writeJsonSynced(path.join(directory, slurmFiles.note), note);
}

/** Writes the first note of a run; false where somebody has. Of many at once the folders are not synced: should a power cut take a note, the job's claim still keeps the run from being done twice. */
export function createNote(directory: string, note: SlurmNote): boolean {
  const content = `${JSON.stringify(note, undefined, 2)}\n`;
  return createFileSynced(path.join(directory, slurmFiles.note), content, { syncFolder: note.task === undefined });
}

/** Number of the job that took the run, undefined as long as none has. From a cluster with a disk of its own only the list of starts comes here. */
export function readClaimedJob(directory: string): string | undefined {
  try {
    return readFileSync(path.join(directory, slurmFiles.claim), 'utf8').trim() || undefined;
  } catch {
    return readStarts(directory)[0]?.job;
  }
}

/** Starts of the run's job, the last one last. */
export function readStarts(directory: string): readonly JobStart[] {
  try {
    const lines = readFileSync(path.join(directory, slurmFiles.starts), 'utf8').split('\n');
    return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as JobStart);
  } catch {
    return [];
  }
}
