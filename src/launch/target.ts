import type { FailureKind } from '../domain/failure.ts';
import type { RunId } from '../domain/ids.ts';
import type { RemoteFile, TargetKind } from '../domain/target.ts';

/** What a target needs to know of a job: everything else stands in `launch.json` in the run's directory. */
export interface JobPlace {
  readonly runId: RunId;
  /** Absolute path of the run's directory. */
  readonly directory: string;
  /** The GPUs of this machine that the queue gave it, as CUDA_VISIBLE_DEVICES wants them; empty: none is to be seen; absent: nothing was decided. */
  readonly assigned?: readonly string[];
}

/** How far a job is, from evidence on disk and in the process table alone: true also for a worker that was started a moment ago. */
export type JobPresence =
  /** Nobody has taken the job yet. Starting it (again) is safe: only one start can ever take it. */
  | { readonly kind: 'unclaimed' }
  /** A scheduler elsewhere has it and has not started it: "SLURM 4711: PENDING, Resources". */
  | { readonly kind: 'queued'; readonly detail: string }
  | { readonly kind: 'running'; readonly startedAt?: number; readonly detail: string }
  | {
      readonly kind: 'ended';
      readonly exitCode?: number;
      readonly signal?: string;
      /** Where the target knows: a job may begin and end between two looks. */
      readonly startedAt?: number;
      readonly endedAt?: number;
      readonly detail: string;
      /** Where the target itself knows why: a scheduler's TIMEOUT, NODE_FAIL or OUT_OF_MEMORY. */
      readonly failure?: FailureKind;
    }
  /** It was started, nothing of it is left, and nobody saw how it ended. */
  | { readonly kind: 'lost'; readonly detail: string };

/** A place where jobs run: one folder under src/launch each. Every method may be called again at any time, by another process too. */
export interface LaunchTarget {
  readonly name: TargetKind;
  /** Starts the job unless somebody has. Resolves when the start is on its way, not when the job runs. */
  start(job: JobPlace): Promise<void>;
  /** Answers at once, from files and from what `watch` has learnt. */
  inspect(job: JobPlace): JobPresence;
  /** Targets that must ask somebody else: told at every tick of all jobs that they started, and whether a person looks. Returns at once; the target decides when to ask. */
  watch?(jobs: readonly JobPlace[], isWatched: boolean): void;
  /** Asks the job to end; the request is on disk when this returns and is carried out even when this process dies. */
  stop(job: JobPlace, how: { readonly force: boolean }): void;
  /** Files of the run that stayed where it ran, newest first, as they were told last. Answers at once; absent where there is no such place. */
  files?(job: JobPlace): readonly RemoteFile[];
  /** Brings such a file here, to its place in the run's directory, and gives its absolute path. Throws `not-found`. */
  fetch?(job: JobPlace, file: string, onBytes?: (bytes: number, of: number) => void): Promise<string>;
  /** Removes what an ended run left where it ran; what is here stays. Gives the bytes that were freed. Throws `conflict` while something of it lives over there. */
  clear?(job: JobPlace): Promise<number>;
}
