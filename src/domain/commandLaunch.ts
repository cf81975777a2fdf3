import type { FailureKind } from './failure.ts';
import type { JobId, RunId, WallTimeSeconds } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { TargetChoice } from './target.ts';

/** What a person asks for when launching a command of the repository. */
export interface CommandLaunchRequest {
  /** Made by the caller, so that asking twice launches once. */
  readonly requestId: string;
  /** Absolute path of the workspace folder; runs go to `<folder>/<runsFolder>/<name>`. */
  readonly folder: string;
  readonly runsFolder?: string;
  /** Id of an entry point, or a command of one's own. Exactly one of the two. */
  readonly entry?: string;
  readonly command?: readonly string[];
  /** Working directory; absent: the entry's, or the folder. */
  readonly cwd?: string;
  /** Each one argument, as typed: overrides for a Hydra program. A sweep's overrides are not here but in its axes. */
  readonly arguments: readonly string[];
  readonly env?: { readonly [name: string]: string };
  readonly target: TargetChoice;
  /** GPUs on this machine: 0 for none, absent for one where there is one. */
  readonly gpus?: number;
  readonly name?: string;
  readonly labels?: readonly string[];
  readonly hold?: boolean;
  /** Higher first; absent: 0. */
  readonly priority?: number;
  readonly retry?: RetryPolicy;
  /** Starts only when all of these have ended well. */
  readonly after?: readonly JobId[];
  /** Does not start earlier: a retry that waits. Goes into the job as it is. */
  readonly notBefore?: WallTimeSeconds;
  /** Sweep or pipeline run that it belongs to, and how many of that group may run at once. Both go into the job as they are. */
  readonly group?: string;
  readonly groupLimit?: number;
  /** The run that this one goes on from, and its checkpoint. */
  readonly parent?: RunId;
  readonly checkpoint?: string;
}

/** Which ends are tried again, how often, and how long to wait: first `delaySeconds`, then twice as long each time. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly kinds: readonly FailureKind[];
  readonly delaySeconds: number;
}

/** What a policy means that names a number of attempts only: ends that come from outside, half a minute later. */
export const usualRetry = {
  kinds: ['time-limit', 'pre-empted', 'node-failure'],
  delaySeconds: 30,
} as const satisfies Omit<RetryPolicy, 'attempts'>;

/** Exactly what will run, before it runs. */
export interface CommandPreview {
  readonly name: string;
  readonly runDirectory: string;
  readonly command: readonly string[];
  /** The same for copying into a POSIX shell. */
  readonly commandLine: string;
  readonly cwd: string;
  /** What is set beyond the inherited environment; values of secrets are never here. */
  readonly env: { readonly [name: string]: string };
  readonly target: string;
  /** What the target will be told: sbatch's options, the host and folder. */
  readonly targetLines: readonly string[];
  readonly config?: JsonObject;
  readonly configYaml?: string;
  /** The configuration is an estimate of ours. */
  readonly isEstimate?: boolean;
  /** Differences from the last run of this entry, "key: old → new". */
  readonly changes: readonly string[];
  readonly changesFrom?: string;
  readonly commit?: string;
  readonly dirty: boolean;
  /** Sentences that a person should read first: no seed in the configuration, costs. */
  readonly warnings: readonly string[];
  /** Sentences; a launch with problems is refused. */
  readonly problems: readonly string[];
}
