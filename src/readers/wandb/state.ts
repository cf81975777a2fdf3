import type { RunArtifact } from '../../domain/artifact.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { HistoryPosition } from './history.ts';

/** What the run record says; later records of the same run add to it. */
export interface RunInfo {
  readonly id?: string;
  readonly project?: string;
  readonly entity?: string;
  readonly name?: string;
  readonly notes?: string;
  readonly group?: string;
  readonly jobType?: string;
  readonly sweep?: string;
  readonly host?: string;
  readonly commit?: string;
  readonly tags?: readonly string[];
  readonly startTime?: number;
  readonly startingStep?: number;
  readonly resumed?: boolean;
}

/** Where and how the program ran, from the environment record or from wandb-metadata.json. */
export interface Environment {
  readonly program?: string;
  readonly args?: readonly string[];
  readonly root?: string;
  readonly host?: string;
  readonly executable?: string;
  readonly commit?: string;
  readonly gpu?: string;
  readonly gpuCount?: number;
  readonly startedAt?: number;
  /** Variables of SLURM by their names without `SLURM_`, in lower case. */
  readonly slurm?: { readonly [name: string]: string };
}

/** The run's last exit record. */
export interface ExitInfo {
  readonly code: number;
  readonly runtime: number;
}

/** What the program said of a metric with `define_metric`. */
export interface DefinedMetric {
  readonly goal?: 'minimize' | 'maximize';
  readonly summary?: 'min' | 'max';
  readonly over?: string;
}

/** An artifact as the log tells it. Its client id tells a version that is told again from another version of the same name. */
export interface LoggedArtifact extends RunArtifact {
  readonly clientId?: string;
}

/** What a log says beside its rows: it is small, and kept in the cursor. */
export interface LogState {
  readonly run: RunInfo;
  readonly environment: Environment;
  readonly exit: ExitInfo | null;
  readonly preempting: boolean;
  /** First and last moment of which the log tells, in seconds since 1970. */
  readonly firstTime: number | null;
  readonly lastTime: number | null;
  readonly position: HistoryPosition;
  readonly config: JsonObject;
  /** Values by their path. */
  readonly summary: readonly (readonly [path: readonly string[], value: Json])[];
  readonly metrics: { readonly [name: string]: DefinedMetric };
  /** By name of the figure: its tag, and how many samples there are. */
  readonly system: { readonly [name: string]: readonly [tag: string, count: number] };
  /** Tags of the history that could be figures of the machine by their names. */
  readonly likeSystem: readonly string[];
  readonly artifacts: readonly LoggedArtifact[];
  readonly hasOutput: boolean;
  /** What the program printed last, from its first traceback there on: an offline run has no file of its output. */
  readonly outputEnd: string;
}

export const emptyState: LogState = {
  run: {},
  environment: {},
  exit: null,
  preempting: false,
  firstTime: null,
  lastTime: null,
  position: { step: null, time: null },
  config: {},
  summary: [],
  metrics: {},
  system: {},
  likeSystem: [],
  artifacts: [],
  hasOutput: false,
  outputEnd: '',
};
