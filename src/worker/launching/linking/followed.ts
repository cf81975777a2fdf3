import type { RunId } from '../../../domain/ids.ts';
import type { FoundRun } from '../../../domain/records.ts';
import type { LinkedJob } from './findLinks.ts';

/** A job whose logs are looked for. */
export interface Followed extends LinkedJob {
  readonly runId: RunId;
  readonly found: FoundRun;
  readonly isLocal: boolean;
  readonly isHydra: boolean;
  /** Milliseconds since 1970; undefined while it runs. */
  endedAt: number | undefined;
  /** It has ended and was looked at once more since. */
  isLookedOver: boolean;
  /** Files that its processes were seen to have open for writing. */
  readonly written: Set<string>;
  /** Those of the last look, and those that were seen in two looks one after the other. */
  lastOpen: ReadonlySet<string>;
  readonly steady: Set<string>;
  /** Argument vectors that its processes were seen with. */
  readonly commands: (readonly string[])[];
}
