import type { CommandLaunchRequest } from './commandLaunch.ts';
import type { Failure } from './failure.ts';
import type { RunId, WallTimeSeconds } from './ids.ts';

/** One dimension of a sweep: listed values, each as it stands behind `key=`, or an interval to search. */
export type SweepAxis =
  | { readonly key: string; readonly values: readonly string[] }
  | {
      readonly key: string;
      readonly low: number;
      readonly high: number;
      readonly log?: boolean;
      readonly integer?: boolean;
    };

/** `grid`: every combination. `random` and `tpe` draw trials one after the other, tpe from what earlier ones gave. */
export const searchKinds = ['grid', 'random', 'tpe'] as const;
export type SearchKind = (typeof searchKinds)[number];

export interface SweepRequest {
  readonly requestId: string;
  readonly name?: string;
  /** What each trial launches; the axes' overrides come behind its arguments. */
  readonly launch: CommandLaunchRequest;
  readonly axes: readonly SweepAxis[];
  readonly search: SearchKind;
  /** How many trials a search makes. */
  readonly trials?: number;
  /** Of the search itself. */
  readonly seed?: number;
  /** What a search makes better. */
  readonly metric?: string;
  readonly direction?: 'minimize' | 'maximize';
  /** How many trials run at once, at most. */
  readonly concurrency?: number;
}

export const trialStates = ['missing', 'waiting', 'running', 'done', 'failed'] as const;
export type TrialState = (typeof trialStates)[number];

export interface Trial {
  readonly index: number;
  /** "model.lr=0.001": what this trial has beyond the common arguments. */
  readonly overrides: readonly string[];
  readonly state: TrialState;
  /** All its runs, the latest last. */
  readonly runs: readonly RunId[];
  readonly failure?: Failure;
  /** Last value of the sweep's metric. */
  readonly value?: number;
}

/** The ledger of a sweep: what was expected and what has become of it. */
export interface Sweep {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly createdAt: WallTimeSeconds;
  readonly request: SweepRequest;
  readonly trials: readonly Trial[];
  /** Trials per state. */
  readonly counts: { readonly [S in TrialState]: number };
  readonly paused: boolean;
}

/** Failed trials that have the same cause. */
export interface FailureGroup {
  readonly failure: Failure;
  readonly trials: readonly number[];
}
