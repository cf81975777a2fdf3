import type { JobId, RunId, WallTimeSeconds } from './ids.ts';

/** State of an entry of the queue. `launching` is written before anything starts, so that a restart knows that it may have started. */
export const jobStates = ['waiting', 'held', 'launching', 'running', 'done', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

/** An entry of the queue. The queue never knows what a job contains: it sees a target, slots and an order. */
export interface Job {
  readonly id: JobId;
  readonly runId: RunId;
  readonly runName: string;
  readonly state: JobState;
  /** Name of the target: "local". */
  readonly target: string;
  /** The slot that it needs or has: "cpu", "cuda:0"; jobs that share a slot run one after the other. */
  readonly slot: string;
  /** Smaller runs first. Moving a job changes only its own number. */
  readonly order: number;
  /** Why it waits, in a sentence: "cpu is busy with mnist-1". */
  readonly reason: string;
  readonly submittedAt: WallTimeSeconds;
  readonly startedAt?: WallTimeSeconds;
  readonly endedAt?: WallTimeSeconds;
  readonly exitCode?: number;
}
