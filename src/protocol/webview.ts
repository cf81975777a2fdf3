import type { RunId } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import type { MediaRecord } from '../domain/records.ts';
import type { RunDetail, RunSummary } from '../domain/run.ts';
import type { SeriesPoints, SeriesQuery, SeriesTile } from './series.ts';

/** What a panel (metrics, samples) may ask of the extension. The extension passes data questions on to the worker. */
export interface PanelMethods {
  /** First call: what the panel is to show. `state` is what `panel.saveState` was last given for this panel, or null. */
  'panel.init': { params: Record<string, never>; result: PanelInit };
  'panel.saveState': { params: { state: Json }; result: null };
  'runs.list': { params: Record<string, never>; result: { runs: readonly RunSummary[] } };
  'runs.get': { params: { runId: RunId }; result: RunDetail };
  'series.query': { params: SeriesQuery; result: SeriesTile };
  'series.points': { params: { runId: RunId; tag: string; from: number; count: number }; result: SeriesPoints };
  'media.list': { params: { runId: RunId; tag?: string }; result: { items: readonly MediaRecord[] } };
  'media.read': {
    params: { runId: RunId; tag: string; step: number; index: number };
    result: { mime: string; bytes: Uint8Array };
  };
  /** Asks the person where to save, then writes. False when the person changed their mind. */
  'file.save': { params: { suggestedName: string; bytes: Uint8Array }; result: { saved: boolean } };
  'clipboard.write': { params: { text: string }; result: null };
  /** Opens another panel or view on the same runs. */
  'command.run': { params: { command: PanelCommand; runIds: readonly RunId[] }; result: null };
}

export const panelCommands = ['showMetrics', 'showSamples', 'showLog', 'revealRun'] as const;
export type PanelCommand = (typeof panelCommands)[number];

/** What the extension tells a panel unasked. */
export interface PanelEvents {
  'runs.changed': { runs: readonly RunSummary[]; removed: readonly RunId[] };
  'series.appended': { runId: RunId; tags: readonly string[]; media: boolean };
  'series.reset': { runId: RunId };
  /** The person chose other runs in the tree while the panel was open. */
  'selection.changed': { runIds: readonly RunId[] };
  /** The worker went away or came back. */
  'worker.state': { connected: boolean; message: string };
}

export interface PanelInit {
  readonly panel: 'metrics' | 'samples';
  /** Runs that the person asked to see. */
  readonly runIds: readonly RunId[];
  readonly runs: readonly RunSummary[];
  readonly state: Json;
  readonly settings: { readonly smoothing: number; readonly maxPointsPerFrame: number };
}
