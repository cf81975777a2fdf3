import type { RunStatus } from '../../domain/run.ts';
import type { TailState } from './tailFile.ts';

/** What is known of a log's life. Times in seconds since 1970. */
export interface TextLife {
  readonly state: TailState | undefined;
  /** It was seen to grow while it was read. */
  readonly grew: boolean;
  readonly now: number;
  /** The log for people: "metrics.csv". */
  readonly log: string;
}

/** A log that was written to within this time is taken to be alive. */
const quietSeconds = 180;
/** A file whose last write is so much later than its making was written by a program bit by bit, not copied. */
const copySeconds = 5;
/** After so long the last record of a file is taken to be whole though no line feed ends it. */
const settledSeconds = 600;
const settledCopySeconds = 10;

/**
 * The status of a log that does not know its own end. It is `running` while it grows: a time of writing alone is no evidence, since a file that was just
 * copied or checked out has it too.
 */
export function textLogStatus({ state, grew, now, log }: TextLife): {
  readonly status: RunStatus;
  readonly statusReason: string;
} {
  if (state === undefined) return { status: 'unknown', statusReason: `There is no ${log}.` };
  const isFresh = now - state.modifiedAt < quietSeconds;
  const wasWrittenOverTime = state.createdAt > 0 && state.modifiedAt - state.createdAt > copySeconds;
  if (isFresh && (grew || wasWrittenOverTime)) return { status: 'running', statusReason: `${log} is growing.` };
  return {
    status: 'unknown',
    statusReason: `${log} was last written ${describeTime(state.modifiedAt)}. It does not say whether the run has ended.`,
  };
}

/**
 * Whether the file will not go on, so that its last line is whole without a line feed: it was copied (its last write lies at or before its making), or
 * nobody has written to it for long.
 */
export function isSettled({ createdAt, modifiedAt }: TailState, now: number): boolean {
  const quiet = now - modifiedAt;
  if (createdAt > 0 && modifiedAt < createdAt - 1) return true;
  const wasCopied = createdAt > 0 && modifiedAt - createdAt < 2;
  return quiet > (wasCopied ? settledCopySeconds : settledSeconds);
}

/** When the log was begun, as far as the file system knows. */
export function begunAt({ createdAt, modifiedAt }: TailState): number {
  return createdAt > 0 ? Math.min(createdAt, modifiedAt) : modifiedAt;
}

/** "2026-11-22 15:04:05 UTC" */
export function describeTime(seconds: number): string {
  return new Date(seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
