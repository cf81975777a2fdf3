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
  /** The `run_name=` values in it. */
  readonly runNames: readonly string[];
  readonly conclusion: string;
}
