import type { ErrorInfo } from '../../base/errors.ts';
import type { FoundRun, PollResult, ReaderCursor } from '../../domain/records.ts';

/** A poll, and when something was last made or removed in the run's folder: milliseconds since 1970, 0 where that cannot be told. */
export interface PolledRun extends PollResult {
  readonly touchedAt: number;
}

/** What the worker asks of a reader thread, by name. */
export interface ReaderCalls {
  /** Reads what is new in a run. `keep`: the reader stays open for the next poll. */
  poll: {
    params: { run: FoundRun; cursor: ReaderCursor | undefined; maxBytes: number; keep: boolean };
    result: PolledRun;
  };
  /** Lists the runs below a folder. The thread remembers the last walk of each root. */
  discover: {
    params: { root: string; exclude: readonly string[]; afresh: boolean };
    result: { runs: readonly FoundRun[]; milliseconds: number };
  };
  forget: { params: { path: string }; result: null };
}

export type ReaderCall = keyof ReaderCalls;

export interface ReaderQuestion {
  readonly id: number;
  readonly call: ReaderCall;
  readonly params: unknown;
}

export type ReaderAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorInfo };
