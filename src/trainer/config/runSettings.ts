import { valueAt } from '../../domain/config.ts';
import type { DeviceChoice } from '../../domain/device.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { RecomputeChoice } from '../../recipes/commonFields.ts';
import type { PrecisionName } from '../../recipes/recipe.ts';

/** The keys of a configuration that the trainer itself reads (src/recipes/commonFields.ts). Steps are counted from the start of the run. */
export interface RunSettings {
  /** Empty: made from recipe and time. */
  readonly name: string;
  readonly seed: number;
  readonly device: DeviceChoice;
  /** 0: measured at the start. */
  readonly threads: number;
  /** Threads that read data ahead. */
  readonly dataThreads: number;
  readonly steps: number;
  /** Steps that are fused into one call; 0: by the device and what is measured. */
  readonly stepsPerRun: number;
  readonly precision: PrecisionName;
  /** Parts of a batch. */
  readonly accumulate: number;
  /** Whether the forward pass is computed twice; `auto`: where the run would not fit into memory otherwise. */
  readonly recompute: RecomputeChoice;
  readonly deterministic: boolean;
  readonly logEvery: number;
  /** 0: at the end only. So are the two below. */
  readonly checkpointEvery: number;
  readonly sampleEvery: number;
  readonly evaluateEvery: number;
  readonly keepCheckpoints: number;
  /** A checkpoint's absolute path, `last`, or empty. */
  readonly resume: string;
  /** Write a profile of a few steps before training. */
  readonly profile: boolean;
}

/** The trainer's part of a resolved configuration. */
export function runSettings(config: JsonObject): RunSettings {
  const number = (key: string) => valueAt(config, key) as number;
  const text = (key: string) => valueAt(config, key) as string;
  return {
    name: text('name'),
    seed: number('seed'),
    device: text('device') as DeviceChoice,
    threads: number('threads'),
    // Checkpoints of earlier versions do not have it.
    dataThreads: (valueAt(config, 'dataThreads') ?? 2) as number,
    steps: number('steps'),
    stepsPerRun: number('stepsPerRun'),
    // Checkpoints of earlier versions have none of these.
    recompute: (valueAt(config, 'recompute') ?? 'auto') as RecomputeChoice,
    precision: (valueAt(config, 'precision') ?? 'fp32') as PrecisionName,
    accumulate: (valueAt(config, 'accumulate') ?? 1) as number,
    deterministic: valueAt(config, 'deterministic') === true,
    logEvery: number('logEvery'),
    checkpointEvery: number('checkpointEvery'),
    sampleEvery: number('sampleEvery'),
    evaluateEvery: number('evaluateEvery'),
    keepCheckpoints: number('keepCheckpoints'),
    resume: text('resume'),
    profile: valueAt(config, 'profile') === true,
  };
}
