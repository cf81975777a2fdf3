import type { RetryPolicy } from './commandLaunch.ts';
import type { MetricDefinition } from './metricDefinition.ts';
import type { NamedTarget } from './target.ts';

/** `trainyard.yaml` of a folder: what discovery cannot know. Every part may be absent. */
export interface ProjectFile {
  readonly entries: readonly NamedEntry[];
  readonly targets: readonly NamedTarget[];
  readonly pipelines: readonly Pipeline[];
  /** Registries of experiments, absolute paths. */
  readonly registries: readonly string[];
  readonly metrics: readonly MetricDefinition[];
  /** Sentences with the line of the file: what is wrong in it. The rest holds. */
  readonly problems: readonly string[];
}

/** An entry point as the file names it. */
export interface NamedEntry {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string };
  readonly takes?: 'hydra' | 'arguments' | 'nothing';
  readonly resume?: readonly string[];
  readonly nameArgument?: string;
  readonly line?: number;
}

/** Stages that follow one another, each only when those it needs have ended well. */
export interface Pipeline {
  readonly name: string;
  readonly stages: readonly PipelineStage[];
  /** Values for `{name}` in the stages' commands, with their defaults. */
  readonly parameters: { readonly [name: string]: string };
  /** For stages without a policy of their own. */
  readonly retry?: RetryPolicy;
}

export interface PipelineStage {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string };
  /** Names of stages before it; absent: the one above. */
  readonly needs: readonly string[];
  /** Arguments that make it do its own stage alone: ["--dry"]. */
  readonly dry?: readonly string[];
  /** Target for this stage; absent: that of the launch. */
  readonly target?: string;
  /** Files or folders that it makes or reads, relative to the folder: named and hashed between stages. */
  readonly produces: readonly string[];
  readonly consumes: readonly string[];
  /** Which of its ends are tried again, before those that wait for it are given up. */
  readonly retry?: RetryPolicy;
}

/** A pipeline that was launched, stage by stage. */
export interface PipelineRun {
  readonly id: string;
  readonly pipeline: string;
  readonly folder: string;
  readonly createdAt: number;
  readonly parameters: { readonly [name: string]: string };
  readonly stages: readonly {
    readonly name: string;
    readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
    readonly runId?: string;
    /** Content hash of what it made, "path sha256:…". */
    readonly artifacts: readonly { readonly path: string; readonly sha256: string }[];
  }[];
}
