import type { Step } from './ids.ts';

/** What a checkpoint of Trainyard is used for. `trainyard eval`, `sample` and `export` with `--json` print these. */
export type CheckpointUse =
  | { readonly kind: 'eval' }
  /** Without a seed, the one of the run. */
  | { readonly kind: 'sample'; readonly seed?: number }
  | { readonly kind: 'export' };

interface UsedCheckpoint {
  /** Absolute path. */
  readonly checkpoint: string;
  /** Name of its run. */
  readonly run: string;
  readonly step: Step;
}

export interface MeasuredCheckpoint extends UsedCheckpoint {
  readonly metrics: Readonly<Record<string, number>>;
  /** Markdown by tag. */
  readonly texts: Readonly<Record<string, string>>;
  /** SHA-256 by name. */
  readonly dataSets: Readonly<Record<string, string>>;
  /** Names of data sets that were not there. */
  readonly missing: readonly string[];
  /** Figures of time, by tag: others every time, where all else is the same. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface DrawnSamples extends UsedCheckpoint {
  readonly seed: number;
  /** Absolute path of a picture or of texts. */
  readonly file: string;
  readonly shown: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface ExportedCheckpoint extends UsedCheckpoint {
  readonly architecture: string;
  readonly file: string;
  readonly sizeBytes: number;
}

/** Answers by kind of use. */
export interface CheckpointAnswers {
  readonly eval: MeasuredCheckpoint;
  readonly sample: DrawnSamples;
  readonly export: ExportedCheckpoint;
}

/** Recipes that draw samples; the others measure only. A test holds this against the recipes' programs. */
export const drawingRecipes: ReadonlySet<string> = new Set(['meanflow', 'language-model', 'finetune-language']);
