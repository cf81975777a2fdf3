import type { Failure } from './failure.ts';
import type { JobId, RunId, WallTimeSeconds } from './ids.ts';
import type { TargetKind } from './target.ts';

/** State of an entry of the queue. `launching` is written before anything starts, so that a restart knows that it may have started. */
export const jobStates = ['waiting', 'held', 'launching', 'running', 'done', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

/** An entry of the queue. The queue never knows what a job contains: it sees a target, slots and an order. */
export interface Job {
  readonly id: JobId;
  readonly runId: RunId;
  readonly runName: string;
  readonly state: JobState;
  /** Kind of the target: its settings stand in the run's launch record. */
  readonly target: TargetKind;
  /** The slot that it needs or has: "cpu", "cuda:0"; jobs that share a slot run one after the other. "any" is never full: the target has a queue of its own. */
  readonly slot: string;
  /** Smaller runs first. Moving a job changes only its own number. */
  readonly order: number;
  /** Why it waits, in a sentence: "cpu is busy with mnist-1". */
  readonly reason: string;
  readonly submittedAt: WallTimeSeconds;
  readonly startedAt?: WallTimeSeconds;
  readonly endedAt?: WallTimeSeconds;
  readonly exitCode?: number;
  /** Higher first; absent: 0. */
  readonly priority?: number;
  /** Waits until all of these have ended well; when one ends otherwise, this one is cancelled with that reason. */
  readonly after?: readonly JobId[];
  /** Does not start earlier: a retry that waits. */
  readonly notBefore?: WallTimeSeconds;
  /** GPUs of this machine that it needs; chosen when it starts. */
  readonly gpus?: number;
  /** The GPUs that it was given, as CUDA_VISIBLE_DEVICES wants them. */
  readonly assigned?: readonly string[];
  /** Sweep or pipeline run that it belongs to, and how many of that group may run at once. */
  readonly group?: string;
  readonly groupLimit?: number;
  /** How it ended, where that was not well. */
  readonly failure?: Failure;
}
