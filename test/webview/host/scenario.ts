import type { RunStatus, SeriesKind } from '../../../src/domain/run.ts';
import type { SeriesSpec } from './generated.ts';

/** What the extension of a test page knows and was asked to show. Plain data: it travels into a web worker. */
export interface Scenario {
  readonly panel: 'metrics' | 'samples';
  readonly runs: readonly RunSpec[];
  /** Runs that were asked for; absent: all. */
  readonly chosen?: readonly string[];
  readonly settings?: { readonly smoothing?: number; readonly maxPointsPerFrame?: number };
  /** Extra time that every answer takes. */
  readonly delayMs?: number;
  /** Methods that fail, with a sentence. */
  readonly fails?: Readonly<Record<string, string>>;
  /** What `panel.init` gives as the kept state. */
  readonly kept?: unknown;
}

export interface RunSpec {
  readonly id: string;
  readonly name: string;
  readonly status?: RunStatus;
  readonly series: readonly SeriesSpec[];
  readonly images?: readonly ImageSpec[];
  readonly media?: readonly MediaSpec[];
  /** Tags of `series` that are figures of the machine. */
  readonly system?: readonly string[];
  readonly version?: number;
}

/** Images of one tag: squares of one colour per step, so that a test can see which step it looks at. */
export interface ImageSpec {
  readonly tag: string;
  readonly steps: readonly number[];
  readonly perStep?: number;
  readonly size?: number;
  readonly caption?: string;
}

/** One value of another kind, with its bytes as the worker would send them. */
export interface MediaSpec {
  readonly tag: string;
  readonly kind: SeriesKind;
  readonly step: number;
  readonly mime: string;
  readonly index?: number;
  readonly caption?: string;
  readonly base64: string;
}

/** What a test may tell the extension's side while the panel is open. */
export type Command =
  | { readonly do: 'append'; readonly runId: string; readonly tag: string; readonly points: number }
  | { readonly do: 'addTag'; readonly runId: string; readonly series: SeriesSpec }
  | { readonly do: 'addImage'; readonly runId: string; readonly tag: string; readonly step: number }
  | { readonly do: 'worker'; readonly connected: boolean; readonly message: string }
  | { readonly do: 'select'; readonly runIds: readonly string[] }
  | { readonly do: 'fail'; readonly method: string; readonly message: string | null }
  | { readonly do: 'calls' }
  | { readonly do: 'saved' };

/** A file that the panel asked to save. */
export interface SavedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}
