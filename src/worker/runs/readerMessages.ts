import type { ErrorInfo } from '../../base/errors.ts';
import type { SkippedPlace } from '../../domain/doctor.ts';
import type { FoundRun, PollResult, ReaderCursor, RunPlace } from '../../domain/records.ts';

/** A poll, and when the run's file was last written, or something made or removed in its folder: milliseconds since 1970, 0 where that cannot be told. */
export interface PolledRun extends PollResult {
  readonly touchedAt: number;
  /** In place of `scalars`: the figures of all series (`packDigest`), where the whole run was read at once to know them only. */
  readonly digest?: Uint8Array<ArrayBuffer>;
}

/** What the worker asks of a reader thread, by name. */
export interface ReaderCalls {
  /**
   * Reads what is new in a run. `keep`: the reader stays open for the next poll. `skim`: of a run that is read from its start to its end at once, and is
   * not at work, the figures of its series are enough.
   */
  poll: {
    params: { run: FoundRun; cursor: ReaderCursor | undefined; maxBytes: number; keep: boolean; skim: boolean };
    result: PolledRun;
  };
  /** Lists the places below a folder that hold a run. The thread remembers the last walk of each root. `known`: the answer that the asker still has. */
  discover: {
    params: {
      root: string;
      exclude: readonly string[];
      afresh: boolean;
      known?: number | undefined;
    };
    result: {
      /** Absent where they are those of the answer that is known. */
      runs?: readonly FoundRun[];
      /** Names this answer. */
      version: number;
      milliseconds: number;
      /** The first of what was not looked into, and how many there are in all. */
      skipped: readonly SkippedPlace[];
      skippedCount: number;
    };
  };
  /** Lets go of the reader of a run. */
  forget: { params: { place: RunPlace }; result: null };
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
