import type { RunArtifact } from './artifact.ts';
import type { RunId, Step, WallTimeSeconds } from './ids.ts';
import type { Json, JsonObject } from './json.ts';
import type { MetricDefinition } from './metricDefinition.ts';
import type { ConsoleLog, RunProgress, RunSource, RunStatus, SeriesKind, SourceOfRun } from './run.ts';

export type { ConsoleLog, SourceOfRun } from './run.ts';

/** New values of one tag in the order of the file: column i of each array belongs together. Nothing is dropped, sorted or rounded. */
export interface ScalarBatch {
  readonly tag: string;
  readonly steps: Float64Array;
  readonly wallTimes: Float64Array;
  readonly values: Float64Array;
  /** A figure of the machine, not of the training; its steps count the samples from 0, since trackers give such values a time only. */
  readonly system?: true;
  /** The same tag of another log of the run, where a better one has the bare name: "tensorboard/train/loss". Only a run of several places has such tags. */
  readonly duplicate?: true;
}

/** Where the bytes of an image or a text lie. Files are given relative to the run's directory, or to `base`, which lies in one of its links, and never leave it. */
export type MediaPlace =
  | { readonly at: 'file'; readonly file: string; readonly base?: string }
  | {
      readonly at: 'range';
      readonly file: string;
      readonly offset: number;
      readonly length: number;
      readonly base?: string;
    }
  | { readonly at: 'inline'; readonly text: string };

/** One image, text, histogram… at one step. */
export interface MediaRecord {
  readonly tag: string;
  readonly kind: SeriesKind;
  readonly step: Step;
  readonly wallTime: WallTimeSeconds;
  /** Position among several of one tag and step. */
  readonly index: number;
  readonly mime: string;
  readonly width?: number;
  readonly height?: number;
  readonly caption?: string;
  readonly place: MediaPlace;
  /** As of scalars: another log of the run has this tag under its bare name. */
  readonly duplicate?: true;
}

/** Something wrong in a file, said so that a person understands it. Reading goes on where it can. */
export interface ReaderProblem {
  readonly file: string;
  readonly offset?: number;
  readonly message: string;
}

/** What a status rests on, the strongest first: two logs of one run may say different things. */
export const statusEvidences = [
  /** The program or its tracker wrote down that it ended, and how: W&B's exit record, MLflow's status, a registry's. */
  'exit-record',
  /** An exit code that somebody else saw. */
  'exit-code',
  /** SLURM wrote why it ended the job. */
  'slurm',
  /** The output ends with a traceback or an error that ends programs. */
  'traceback',
  /** A process, a lock or a beat shows that it lives. */
  'heartbeat',
  /** Only when something was written last. */
  'last-write',
  'nothing',
] as const;
export type StatusEvidence = (typeof statusEvidences)[number];

/** What a reader knows of the run apart from its values. A field that is absent has not changed. */
export interface RunFacts {
  readonly id?: RunId;
  readonly name?: string;
  readonly status?: RunStatus;
  readonly statusReason?: string;
  /** What the status rests on; where it is absent, the run's kind of source and the status tell. It decides which of several logs of a run is believed. */
  readonly statusEvidence?: StatusEvidence;
  readonly recipe?: string;
  readonly device?: string;
  readonly architecture?: string;
  readonly createdAt?: WallTimeSeconds;
  readonly startedAt?: WallTimeSeconds;
  readonly endedAt?: WallTimeSeconds;
  readonly progress?: RunProgress;
  readonly config?: JsonObject;
  readonly definitions?: readonly MetricDefinition[];
  readonly command?: readonly string[];
  readonly cwd?: string;
  readonly commit?: string;
  readonly dirty?: boolean;
  readonly resumedFrom?: RunId;
  /** Key of what was launched (`launchKeyOf`), and the name of the target, where Trainyard launched a command. */
  readonly entry?: string;
  readonly target?: string;
  /** Folders elsewhere that are read as part of this run, with all that is below them. */
  readonly links?: readonly string[];
  /** Places where the log says that it was taken up again: rows of this step and above that stand before are older than those that follow. All rows are kept. */
  readonly restarts?: readonly { readonly step: Step; readonly wallTime: WallTimeSeconds }[];
  /** What the tracker files the run under: a W&B or Trackio project, an MLflow experiment, the task name of Hydra. */
  readonly project?: string;
  /** The tracker's own group within the project: a sweep, a multirun, a W&B group. */
  readonly group?: string;
  /** The tracker's own id, "xinacahi" or 32 hex digits. Two places with the same id of the same tracker are one run. */
  readonly trackerId?: string;
  /** The tracker's own labels and notes. */
  readonly trackerLabels?: readonly string[];
  readonly trackerNote?: string;
  readonly host?: string;
  /** The last or best values as the tracker itself sums them up. */
  readonly summary?: JsonObject;
  /** What the program printed. */
  readonly console?: readonly ConsoleLog[];
  /** Absolute paths of the files that the configuration came from. */
  readonly configFiles?: readonly string[];
  /** Absolute paths of folders and files that hold what the run made: checkpoints, artifacts. */
  readonly outputs?: readonly string[];
  /** The SLURM job in which the run is or was at work: "123", or "123_4" for a task of an array. */
  readonly slurmJob?: string;
  /** Absolute paths that the run's record or output shows, whatever they are: another log of the training may lie there. */
  readonly shows?: readonly string[];
  /** What the tracker lists as made or used by the run. */
  readonly artifacts?: readonly RunArtifact[];
  /** Filled in where a run was read from several places: which they are, the first one being the run's own. */
  readonly sources?: readonly SourceOfRun[];
}

/** Where a reader goes on. A plain tree, kept in the database between starts. */
export type ReaderCursor = Json;

/** The answer of one poll. An empty one is the normal case. */
export interface PollResult {
  readonly cursor: ReaderCursor;
  /** Everything that was read before is void: the file shrank, was replaced or rewritten. The rows of this answer start anew. */
  readonly reset: boolean;
  /** The budget ended before the files did: poll again at once. */
  readonly more: boolean;
  readonly facts: RunFacts;
  readonly scalars: readonly ScalarBatch[];
  readonly media: readonly MediaRecord[];
  readonly problems: readonly ReaderProblem[];
}

/** A place on the disk that holds one run: a folder, a file, or a part of a file. */
export interface RunPlace {
  readonly source: RunSource;
  /** Absolute path of the folder or file. */
  readonly path: string;
  /** Which run it is where the file holds several: an id or a name within it. */
  readonly key?: string;
}

/** A further place where the same run was logged, and why it is known to be the same one, as a sentence. */
export interface RunPart extends RunPlace {
  readonly why: string;
  /** It is no second log but goes on where the place before it ended, as a resumed W&B run does in a directory of its own: rows follow upon one another under the same tags. */
  readonly continues?: true;
}

/** A run that was found on the disk. */
export interface FoundRun extends RunPlace {
  /** Absolute path of the root that was searched. */
  readonly root: string;
  /** Name for people: the directory relative to its log directory, unless the format knows better. */
  readonly name: string;
  /** Where else it was logged. The run is read from its own place and from these. */
  readonly parts?: readonly RunPart[];
}

/** The identity of a place as one text. */
export function placeKey({ source, path, key }: RunPlace): string {
  return key === undefined ? `${source}\0${path}` : `${source}\0${path}\0${key}`;
}
