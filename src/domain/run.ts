import type { RunArtifact } from './artifact.ts';
import type { RunId, Step, WallTimeSeconds } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { MetricDefinition } from './metricDefinition.ts';

/** Every state that a run can be in. `stopped` is a stop that was asked for; `killed` one that was not; `lost` means that nobody knows how it ended. */
export const runStatuses = [
  'queued',
  'starting',
  'running',
  'stopping',
  'finished',
  'stopped',
  'failed',
  'killed',
  'lost',
  'unknown',
] as const;
export type RunStatus = (typeof runStatuses)[number];

const activeStatuses: ReadonlySet<RunStatus> = new Set(['queued', 'starting', 'running', 'stopping']);

/** Whether the run may still change by itself. */
export function isActive(status: RunStatus): boolean {
  return activeStatuses.has(status);
}

/** Who wrote the run's files. One folder under src/readers each. */
export const runSources = [
  'trainyard',
  'wandb',
  'mlflow',
  'trackio',
  'experiment-hub',
  'registry',
  'hydra',
  'hf-trainer',
  'dvclive',
  'lightning',
  'csv',
  'jsonl',
  'slurm',
  'tensorboard',
] as const;
export type RunSource = (typeof runSources)[number];

/** How far a run is, as far as it tells. */
export interface RunProgress {
  readonly step: Step;
  readonly totalSteps?: number;
  /** What it does now, in a word or two: "preparing data", "training", "drawing samples". */
  readonly phase?: string;
  readonly secondsPerStep?: number;
}

/** The last value of a metric that the tree shows. */
export interface MetricSummary {
  readonly tag: string;
  readonly value: number;
  readonly step: Step;
  readonly min: number;
  readonly max: number;
}

/** A run as lists show it. Small, because ten thousand of them travel at once. */
export interface RunSummary {
  readonly id: RunId;
  readonly name: string;
  readonly source: RunSource;
  /** Absolute path of the run's directory. */
  readonly path: string;
  /** Absolute path of the workspace folder or root that it was found under. */
  readonly root: string;
  readonly status: RunStatus;
  /** The evidence for the status, in a sentence: "exit code 137, killed by SIGKILL". */
  readonly statusReason: string;
  readonly recipe?: string;
  /** What it trains on, after the choice: "cpu (2 threads)", "cuda:0 NVIDIA H100". */
  readonly device?: string;
  /** For instance the network's name: checkpoints are grouped by it. */
  readonly architecture?: string;
  readonly createdAt: WallTimeSeconds;
  readonly startedAt?: WallTimeSeconds;
  readonly endedAt?: WallTimeSeconds;
  readonly progress?: RunProgress;
  /** Primary metrics first, at most four. */
  readonly metrics: readonly MetricSummary[];
  /** Up to 24 values of the first metric, evenly spaced, for a sparkline. NaN where there is none. */
  readonly sparkline: readonly number[];
  /** The user's own labels. (The word "tag" means a series here, as in TensorBoard.) */
  readonly labels: readonly string[];
  readonly note: string;
  readonly archived: boolean;
  readonly resumedFrom?: RunId;
  /** Id of the entry point that was launched, "hydra:src/train.py", or `command:` and the command; absent for recipes and for runs of other tools. */
  readonly entry?: string;
  /** Name of the target that it was launched on, where it was a command. */
  readonly target?: string;
  /** What the tracker files it under: a W&B or Trackio project, an MLflow experiment, the task name of Hydra. */
  readonly project?: string;
  /** The tracker's own group within the project: a sweep, a multirun, a W&B group. */
  readonly group?: string;
  /** Who else logged the same training, each once, without `source` itself. Absent where it is nobody. */
  readonly alsoLoggedTo?: readonly RunSource[];
  /** It was launched with a look at where the time of a step goes, which then lies in its folder. */
  readonly profiled?: true;
  /** How many places it was read from, where those are several. */
  readonly places?: number;
}

/** A log of what a program printed. */
export interface ConsoleLog {
  readonly title: string;
  /** Absolute path. */
  readonly file: string;
  /** `text` is shown as it is; `wandb` lies as output records inside a transaction log. */
  readonly encoding: 'text' | 'wandb';
}

/** One place that a run was read from. */
export interface SourceOfRun {
  readonly source: RunSource;
  readonly path: string;
  readonly key?: string;
  /** Why it is the same run, a sentence: "It has the same W&B id.", "Both lie in one folder." */
  readonly why: string;
  /** How many tags were taken from it. */
  readonly tags: number;
}

/** A run with all that is known about it. */
export interface RunDetail extends RunSummary {
  readonly config: JsonObject;
  readonly definitions: readonly MetricDefinition[];
  readonly series: readonly SeriesInfo[];
  readonly command?: readonly string[];
  readonly cwd?: string;
  readonly commit?: string;
  readonly dirty?: boolean;
  readonly problems: readonly string[];
  /** Where it was read from, its own place first. Absent where that is one place. */
  readonly sources?: readonly SourceOfRun[];
  /** What the program printed, the log that people look at first being the first one. */
  readonly console?: readonly ConsoleLog[];
  /** Absolute paths of the files that the configuration came from. */
  readonly configFiles?: readonly string[];
  /** Absolute paths of folders and files that hold what the run made. */
  readonly outputs?: readonly string[];
  /** What the tracker lists as made or used by the run. */
  readonly artifacts?: readonly RunArtifact[];
  readonly host?: string;
  /** The tracker's own id, labels, note and summary values. */
  readonly trackerId?: string;
  readonly trackerLabels?: readonly string[];
  readonly trackerNote?: string;
  readonly trackerSummary?: JsonObject;
}

/** What the values of a tag are. `curve` is a precision-recall curve; `other` is listed and cannot be shown. */
export const seriesKinds = [
  'scalar',
  'image',
  'text',
  'histogram',
  'audio',
  'video',
  'table',
  'curve',
  'html',
  'other',
] as const;
export type SeriesKind = (typeof seriesKinds)[number];

/** A tag of a run, with the figures that `inspect` prints. Numbers are float64; a float32 source keeps its float32 value. */
export interface SeriesInfo {
  readonly tag: string;
  readonly kind: SeriesKind;
  readonly count: number;
  readonly firstStep: Step;
  readonly lastStep: Step;
  /** Values are there for scalars only; `min` and `max` are over the finite ones and absent where there is none. */
  readonly firstValue?: number;
  readonly lastValue?: number;
  readonly min?: number;
  readonly max?: number;
  /** How many values are NaN or infinite. */
  readonly nonFinite: number;
  readonly firstWallTime: WallTimeSeconds;
  readonly lastWallTime: WallTimeSeconds;
  /** A figure of the machine (GPU load, memory), not of the training. Its steps count the samples. */
  readonly system?: true;
  /** Another log of the run has this tag under its bare name; this is what stands in the log that the name begins with. */
  readonly duplicate?: true;
}
