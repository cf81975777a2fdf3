import type { Json } from './json.ts';

/** A registry of experiments as SYSTEMS.md §4 has it: one JSON file that the repository's own scripts read and write too. */
export interface Registry {
  readonly file: string;
  readonly experiments: readonly RegistryExperiment[];
  readonly meta: { readonly [key: string]: Json };
  /** Sentences: what does not fit. */
  readonly problems: readonly string[];
}

export const experimentStates = ['pending', 'running', 'completed', 'failed'] as const;
export type ExperimentState = (typeof experimentStates)[number];

export interface RegistryExperiment {
  readonly name: string;
  readonly status: ExperimentState | string;
  readonly resultFile?: string;
  readonly errorMessage?: string;
  readonly errorCategory?: string;
  readonly exitCode?: number;
  readonly startedAt?: string;
  readonly completedAt?: string;
  readonly gpu?: string;
  readonly metrics: { readonly [key: string]: Json };
  readonly markedForRerun: boolean;
  readonly retryCount: number;
}
