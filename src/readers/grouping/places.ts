import path from 'node:path';
import { type FoundRun, placeKey } from '../../domain/records.ts';
import type { RunSource } from '../../domain/run.ts';

/** A run that was found, with what the rules ask about again and again. */
export interface Place {
  readonly run: FoundRun;
  /** `placeKey` of the run. */
  readonly id: string;
  /** The folder that it lies in, or is. */
  readonly folder: string;
}

/** Formats whose runs may be single files; those of the others are folders, or keys within a file. */
const fileSources: ReadonlySet<RunSource> = new Set(['csv', 'jsonl', 'slurm', 'hf-trainer', 'wandb']);
const fileNames = /\.(csv|tsv|jsonl?|ndjson|out|err|log|txt|wandb)$/i;

export function toPlace(run: FoundRun): Place {
  const isFile = run.key !== undefined || (fileSources.has(run.source) && fileNames.test(path.basename(run.path)));
  return { run, id: placeKey(run), folder: isFile ? path.dirname(run.path) : run.path };
}

/** Two places that a rule takes for one run. */
export interface Link {
  readonly one: Place;
  readonly other: Place;
  /** A sentence that holds in both directions. */
  readonly why: string;
  /** `other` goes on where `one` ended, instead of saying the same a second time. */
  readonly continues?: true;
}
