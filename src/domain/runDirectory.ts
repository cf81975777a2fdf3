import type { ErrorInfo } from '../base/errors.ts';
import type { DeviceChoice, DeviceProbe } from './device.ts';
import type { RunId, Step, WallTimeSeconds } from './ids.ts';
import type { MemoryNeed } from './memoryEstimate.ts';
import type { MetricDefinition } from './metricDefinition.ts';
import type { RunSource } from './run.ts';

/**
 * The files of a run directory, `runs/<run_name>/`. Each JSON file is written whole to a temporary name in the same folder, synced and renamed.
 * launch.json (worker) · config.yaml, run.json, progress.json, outcome.json, events.out.tfevents.*, samples/, checkpoints/, model.onnx (trainer) ·
 * state.json, exit.json, output.log (shim) · elsewhere.json (the worker, for jobs that run on another machine).
 */
export const runFiles = {
  /** Where the time of a step goes: a page for people, and a trace for chrome://tracing or https://ui.perfetto.dev. */
  profile: 'profile.md',
  trace: 'profile.trace.json',
  launch: 'launch.json',
  config: 'config.yaml',
  run: 'run.json',
  progress: 'progress.json',
  outcome: 'outcome.json',
  state: 'state.json',
  exit: 'exit.json',
  elsewhere: 'elsewhere.json',
  log: 'output.log',
  patch: 'changes.patch',
  samples: 'samples',
  checkpoints: 'checkpoints',
  lastCheckpoint: 'checkpoints/last.safetensors',
  model: 'model.onnx',
  links: 'links.json',
} as const;

/** `step_00001000`: what is made of a step is named so that names are in the order of the steps. */
export function stepName(step: Step): string {
  return `step_${String(step).padStart(8, '0')}`;
}

/** Environment variables by which the worker tells a job who it is. */
export const runEnvironment = {
  runId: 'TRAINYARD_RUN_ID',
  runDirectory: 'TRAINYARD_RUN_DIR',
} as const;

/** `run.json`: what the run is. Written by the trainer when the device and the data are known. */
export interface RunFile {
  readonly format: 1;
  readonly id: RunId;
  readonly name: string;
  readonly recipe: string;
  readonly recipeVersion: number;
  readonly architecture: string;
  readonly parameters: number;
  readonly seed: number;
  readonly totalSteps: number;
  readonly createdAt: WallTimeSeconds;
  readonly startedAt: WallTimeSeconds;
  readonly device: {
    readonly requested: DeviceChoice;
    readonly used: string;
    readonly refused: readonly DeviceProbe[];
  };
  /** What products are computed in, and how far another run of the same configuration gives the same numbers; absent in older runs. */
  readonly precision?: string;
  readonly repeatable?: string;
  /** What the run was to need of memory at most, in bytes; absent in older runs. The metric `perf/peak_memory` and `outcome.json` have what it took. */
  readonly memory?: MemoryNeed & { readonly recomputes: boolean };
  readonly dataSets: readonly {
    readonly name: string;
    readonly path: string;
    readonly sha256: string;
    readonly examples: number;
  }[];
  readonly versions: {
    readonly trainyard: string;
    readonly onnxruntime: string;
    readonly node: string;
    readonly platform: string;
  };
  readonly commit?: string;
  readonly dirty?: boolean;
  readonly resumedFrom?: { readonly runId?: RunId; readonly checkpoint: string; readonly step: Step };
  readonly metrics: readonly MetricDefinition[];
}

/** `progress.json`: the trainer's sign of life, renewed at least every few seconds while its loop turns. */
export interface ProgressFile {
  readonly step: Step;
  readonly totalSteps: number;
  readonly phase: string;
  readonly secondsPerStep?: number;
  readonly updatedAt: WallTimeSeconds;
}

/** `outcome.json`: the trainer's last word. Its absence after the end means that it was not allowed one. */
export interface OutcomeFile {
  readonly status: 'finished' | 'stopped' | 'failed';
  readonly step: Step;
  readonly endedAt: WallTimeSeconds;
  /** The most bytes that the trainer's process had in the machine's memory; absent in older runs. */
  readonly peakMemory?: number;
  readonly error?: ErrorInfo;
}

/** `state.json` of the shim: who runs. A process is identified by pid, start time and boot, since a pid alone is used again. */
export interface ShimState {
  readonly runId: RunId;
  readonly shim: ProcessIdentity;
  readonly child?: ProcessIdentity;
  readonly startedAt: WallTimeSeconds;
  readonly heartbeatAt: WallTimeSeconds;
}

export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat on Linux, `ps -o lstart` elsewhere. */
  readonly startTime: string;
  readonly bootId: string;
}

/** `exit.json` of the shim: how the job's process ended. Exactly one of `code` and `signal` is given. */
export interface ExitFile {
  readonly runId: RunId;
  readonly code: number | null;
  readonly signal: string | null;
  readonly endedAt: WallTimeSeconds;
  /** Set when the shim could not start the command at all. */
  readonly error?: string;
  /** A stop was asked for before the end. */
  readonly stopRequested: boolean;
}

/**
 * `elsewhere.json` of a job on another machine: what its target last learnt of it, so that the files alone tell how the run is. It is written when
 * something changes, not as a sign of life: silence of the other machine is a detail here, never an end. `exit.json` comes when the job has ended.
 */
export interface ElsewhereFile {
  readonly runId: RunId;
  /** "testbox", "SLURM job 4711 on testbox". */
  readonly where: string;
  readonly state: 'queued' | 'running' | 'lost';
  /** The evidence in a sentence: "Process 4711 on testbox.", "No answer from testbox since 12:01 UTC." */
  readonly detail: string;
  readonly startedAt?: WallTimeSeconds;
}

/**
 * `links.json`: places elsewhere that the run's program wrote to, found by the worker while it ran or after. They are read as part of the run, and are
 * no runs of their own.
 */
export interface LinksFile {
  readonly format: 1;
  readonly links: readonly RunLink[];
}

/** A folder with everything below it, or with `only` one file in it, where other runs write to the same folder, or with `key` one run in that file. */
export interface RunLink {
  /** Absolute path of the folder. */
  readonly path: string;
  /** Name of the one file that is meant. */
  readonly only?: string;
  /** Who wrote the file, where that was known. */
  readonly source?: RunSource;
  /** Which run it is, where the file is a database of several: it has a `source` then. */
  readonly key?: string;
  /** Why it belongs to the run, in a sentence. */
  readonly evidence: string;
  readonly linkedAt: WallTimeSeconds;
}
