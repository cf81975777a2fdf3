import type { Checkpoint, CheckpointDetails } from '../domain/checkpoint.ts';
import type { DrawnSamples, ExportedCheckpoint, MeasuredCheckpoint } from '../domain/checkpointUse.ts';
import type { PathContent } from '../domain/config.ts';
import type { DataColumns } from '../domain/dataColumns.ts';
import type { DataPlace } from '../domain/dataPlace.ts';
import type { DoctorReport } from '../domain/doctor.ts';
import type { JobId, RunId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { LaunchPreview, LaunchRequest } from '../domain/launch.ts';
import type { LogEntry, LogLink } from '../domain/logEntry.ts';
import type { MemoryEstimate } from '../domain/memoryEstimate.ts';
import type { RecipeInfo } from '../domain/recipe.ts';
import type { MediaRecord } from '../domain/records.ts';
import type { RunDetail, RunSummary } from '../domain/run.ts';
import type { LaunchingEvents, LaunchingMethods } from './launching.ts';
import type { SeriesPoints, SeriesQuery, SeriesTile } from './series.ts';

/** Raised whenever a method or event changes its meaning. A client and a worker of different numbers do not talk. */
export const workerProtocolVersion = 3;

/**
 * What clients (extension windows, the CLI) may ask of the worker: one row per method. `params` and `result` are plain trees and typed arrays.
 * Every call can be cancelled; every failure arrives as an AppError.
 */
export interface WorkerMethods extends LaunchingMethods {
  /** First call on a connection. The worker answers even when versions differ, so that the client can say so and offer a restart. */
  hello: { params: { client: 'extension' | 'cli'; version: string; protocol: number }; result: WorkerHello };
  /** Discovers and watches runs under a folder for as long as this connection lives. Idempotent. `trusted: false` reads but never starts anything. Called again with other settings, those hold. */
  'folder.open': {
    params: { folder: string; trusted: boolean; settings?: FolderSettings };
    result: { runs: readonly RunSummary[] };
  };
  'folder.close': { params: { folder: string }; result: null };
  /** Looks again now, for a person who pressed Refresh. */
  'folder.refresh': { params: { folder: string }; result: null };

  /**
   * Folders outside of a workspace in which trackers keep runs: those that the environment of the client names (Trackio's own), and further ones that a
   * person gave, with `~` for the home folder. Only those that are there; they are opened like any folder.
   */
  'trackers.folders': {
    params: { environment: TrackerEnvironment; trackio: boolean; further: readonly string[] };
    result: { folders: readonly string[] };
  };

  'runs.list': { params: { folder?: string; includeArchived?: boolean }; result: { runs: readonly RunSummary[] } };
  'runs.get': { params: { runId: RunId }; result: RunDetail };
  /** Changes what the user says of a run; never the run's own files. */
  'runs.update': {
    params: { runId: RunId; name?: string; labels?: readonly string[]; note?: string; archived?: boolean };
    result: RunSummary;
  };

  /**
   * A place that was taken for a part of this run is a run of its own from now on; without `part` (its `placeKey`) all of them are. Kept until they are
   * merged again. Gives the run and those that came out of it.
   */
  'runs.split': { params: { runId: RunId; part?: string }; result: { runs: readonly RunSummary[] } };
  /** Several runs are one from now on, the first of them. Kept until it is split. Nothing is changed on the disk. */
  'runs.merge': { params: { runIds: readonly RunId[] }; result: RunSummary };

  'recipes.list': { params: Record<string, never>; result: { recipes: readonly RecipeInfo[] } };
  /** YAML files of the folder whose `recipe:` key names the recipe (or any recipe, when absent). */
  'configs.list': { params: { folder: string; recipe?: string }; result: { files: readonly ConfigFileInfo[] } };
  /** Files and folders below a folder that may hold what a key of a recipe wants, the likeliest first. */
  'data.find': { params: { folder: string; holds: PathContent }; result: { places: readonly DataPlace[] } };
  /** What the data at a path (relative to the folder) call their columns, fields or tensors, by their first bytes. Answers within seconds, whatever lies there. */
  'data.columns': { params: { folder: string; path: string; holds: PathContent }; result: DataColumns };
  'launch.preview': { params: LaunchRequest; result: LaunchPreview };
  /** What the run would need of memory, from a process of its own that builds its graph: seconds. Rejects with `bad-config` and what else a start would be refused for. */
  'launch.memory': { params: LaunchRequest; result: MemoryEstimate };
  'launch.start': { params: LaunchRequest; result: { runId: RunId; run: RunSummary } };
  /** Graceful first: the run ends within one fused block and keeps a checkpoint. `force` kills the group. */
  'runs.stop': { params: { runId: RunId; force?: boolean }; result: null };
  /** Goes on from a checkpoint (absent: the last one) as a new run that names its parent. */
  'runs.resume': {
    params: { runId: RunId; checkpoint?: string; overrides?: readonly string[]; name?: string; requestId: string };
    result: { runId: RunId; run: RunSummary };
  };
  /** The request that would launch the run again, for a form that changes it. */
  'runs.launchRequest': { params: { runId: RunId }; result: LaunchRequest };

  'queue.list': { params: Record<string, never>; result: { jobs: readonly Job[] } };
  /** Puts a waiting job before another one, or last. */
  'queue.move': { params: { jobId: JobId; before: JobId | null }; result: null };
  /** Higher starts first; 0 is the usual. Only jobs that wait have one. */
  'queue.prioritize': { params: { jobId: JobId; priority: number }; result: null };
  'queue.hold': { params: { jobId: JobId; held: boolean }; result: null };
  'queue.cancel': { params: { jobId: JobId }; result: null };

  'series.query': { params: SeriesQuery; result: SeriesTile };
  /** Exact points `from … from+count` of one series, for tables and CSV. */
  'series.points': { params: { runId: RunId; tag: string; from: number; count: number }; result: SeriesPoints };
  'media.list': { params: { runId: RunId; tag?: string }; result: { items: readonly MediaRecord[] } };
  /** A value in the form that panels know (`src/domain/mediaContent.ts`). `cell`: the picture of that file in a cell of the table. */
  'media.read': {
    params: { runId: RunId; tag: string; step: number; index: number; cell?: string };
    result: { mime: string; bytes: Uint8Array };
  };

  'checkpoints.list': { params: { folder: string }; result: { checkpoints: readonly Checkpoint[] } };
  /** What is in a checkpoint, a file or a folder, without any of its numbers. Rejects with `bad-file` where it is none. */
  'checkpoints.inspect': { params: { path: string }; result: CheckpointDetails };
  /**
   * Measures a checkpoint of Trainyard on held-out data, draws samples from it, or writes it as an ONNX model, in a process of its own. Files go beside the run's:
   * `drawn/`, `exported/`. Rejects with what the trainer says against it.
   */
  'checkpoints.measure': { params: { path: string }; result: MeasuredCheckpoint };
  'checkpoints.draw': { params: { path: string; seed?: number }; result: DrawnSamples };
  'checkpoints.export': { params: { path: string }; result: ExportedCheckpoint };
  /** What the run printed. `log`: which of `RunDetail.console`; absent: its own output, else the first of them. */
  'log.read': {
    params: { runId: RunId; from: number; maxBytes: number; log?: number };
    result: { text: string; next: number; size: number };
  };
  /** Entries of the folder's EXPERIMENT_LOG.md, and which runs of the folder each is about. */
  'experimentLog.list': {
    params: { folder: string };
    result: { entries: readonly LogEntry[]; links: readonly LogLink[] };
  };
  /** The entries that are about a run, of the logs of all folders that it lies in, each with the reason. */
  'experimentLog.ofRun': {
    params: { runId: RunId };
    result: { entries: readonly { readonly entry: LogEntry; readonly why: string }[] };
  };
  /** Writes an entry into the folder's EXPERIMENT_LOG.md (made where there is none): command, configuration, commit, result table, conclusion. */
  'experimentLog.conclude': {
    params: { runId: RunId; title: string; conclusion: string; phase?: string };
    result: { file: string; line: number };
  };

  'doctor.run': { params: { folder?: string }; result: DoctorReport };
  /** What fetching the CUDA provider of ONNX Runtime would do, in words. `from`: a package or folder on this disk instead; `proxy`: where the environment names none. */
  'cuda.plan': {
    params: { from?: string; proxy?: string };
    result: { text: string; isInstalled: boolean; size: number | null };
  };
  /** Does it; `cuda.progress` tells how far it is. Cancelled, it keeps what was fetched. `missing` are libraries that the provider needs, `text` what to do. */
  'cuda.install': {
    params: { from?: string; proxy?: string };
    result: { missing: readonly string[]; text: readonly string[] };
  };
  'cuda.status': {
    params: Record<string, never>;
    result: { isInstalled: boolean; missing: readonly string[]; text: readonly string[] };
  };
  /** Ends the worker; running jobs go on and are adopted by the next one. */
  'worker.shutdown': { params: Record<string, never>; result: null };
}

/** What the worker tells its clients unasked. */
export interface WorkerEvents extends LaunchingEvents {
  'runs.changed': { runs: readonly RunSummary[]; removed: readonly RunId[] };
  'queue.changed': { jobs: readonly Job[] };
  /** New points or media: clients ask for what they show. */
  'series.appended': { runId: RunId; tags: readonly string[]; media: boolean };
  'series.reset': { runId: RunId };
  /** Only to the connection that installs. */
  'cuda.progress': { phase: 'download' | 'unpack'; bytes: number; total: number | null };
  'log.appended': { runId: RunId; size: number };
  'checkpoints.changed': { folder: string };
  'experimentLog.changed': { folder: string };
  /** A run ended: once per run, for the notification. */
  'run.ended': { run: RunSummary };
}

export interface WorkerHello {
  readonly version: string;
  readonly protocol: number;
  readonly pid: number;
  readonly startedAt: number;
  readonly databasePath: string;
}

/** What the person's settings say of a folder. Absent keys: the worker's defaults. */
export interface FolderSettings {
  /** Globs, relative to the folder, of what discovery leaves out. */
  readonly exclude?: readonly string[];
  /** Seconds between two looks for new runs where the file system tells nothing. */
  readonly pollSeconds?: number;
}

/** Variables that decide where trackers write. The worker's own may be those of another day. */
export type TrackerEnvironment = {
  readonly [Name in (typeof trackerVariables)[number]]?: string | undefined;
};
export const trackerVariables = ['TRACKIO_DIR', 'HF_HOME', 'XDG_CACHE_HOME', 'HOME', 'USERPROFILE'] as const;

export interface ConfigFileInfo {
  readonly path: string;
  readonly recipe: string;
  readonly title: string;
}

export type WorkerMethod = keyof WorkerMethods;
export type WorkerEvent = keyof WorkerEvents;
