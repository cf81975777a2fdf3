import type { RunSource } from './run.ts';

/** One thing that `doctor` looked at. */
export interface DoctorCheck {
  readonly group: 'worker' | 'devices' | 'disk' | 'workspace' | 'sources' | 'tools';
  readonly title: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  /** What to do, where something is wrong. */
  readonly hint?: string;
}

export interface DoctorReport {
  readonly checks: readonly DoctorCheck[];
  /** What was found where, folder by folder; empty where no folder is open. */
  readonly sources?: readonly SourcesOfRoot[];
}

/** What discovery found below one folder, and what it left out. */
export interface SourcesOfRoot {
  /** Absolute path. */
  readonly root: string;
  /** One per kind of source, in the order of the formats. */
  readonly found: readonly FoundSource[];
  /** The first of what was not looked into or could not be read, and how many there are in all. */
  readonly skipped: readonly SkippedPlace[];
  readonly skippedCount: number;
}

/** All runs that one kind of tracker wrote below a folder. */
export interface FoundSource {
  readonly source: RunSource;
  /** Name of the tracker for people. */
  readonly title: string;
  readonly runs: number;
  /** How many of them are at work now. */
  readonly live: number;
  /** Size of the files and folders that the runs are read from, each counted once. */
  readonly bytes: number;
  /** There was too much to measure it all. */
  readonly bytesAtLeast?: true;
  /** How many runs had something in their files that could not be read. */
  readonly damaged: number;
  /** Some of the places, the newest first. */
  readonly examples: readonly string[];
}

export interface SkippedPlace {
  readonly path: string;
  /** Half a sentence: "the settings exclude it", "it is a Python environment". */
  readonly reason: string;
}
