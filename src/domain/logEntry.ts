import type { RunId } from './ids.ts';

/** An entry of EXPERIMENT_LOG.md: a `###` heading with what stands below it. Lines count from 0. */
export interface LogEntry {
  readonly file: string;
  readonly line: number;
  readonly phase: string;
  readonly title: string;
  /** As written, its first word in upper case: COMPLETED, PENDING, RUNNING, FAILED, COMPLETED (2026-01-22)… '' where there is none. */
  readonly status: string;
  /** The launch command in the entry's fenced block, one line; '' where there is none. */
  readonly command: string;
  /** All commands of the entry, the launch command among them. */
  readonly commands: readonly string[];
  /** The `run_name=` values in it. */
  readonly runNames: readonly string[];
  readonly tables: readonly LogTable[];
  /** File names and paths of checkpoints that the entry names, braces (`run_epoch_{0005,0010}.pt`) written out. */
  readonly checkpoints: readonly string[];
  /** Days that its title, its status or a line of its own names, as `2026-01-22`. */
  readonly dates: readonly string[];
  readonly conclusion: string;
}

/** A table of an entry. Cells are as written, without the marks of emphasis and code around a whole cell; each row has as many as there are columns. */
export interface LogTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** An entry and a run that belong together. */
export interface LogLink {
  /** The entry's place. */
  readonly file: string;
  readonly line: number;
  readonly runId: RunId;
  /** A sentence: "The entry names it.", "The entry names its checkpoint last.pt." */
  readonly why: string;
}
