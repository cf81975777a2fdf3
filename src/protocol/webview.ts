import type { RunId } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import type { RunSummary } from '../domain/run.ts';
import type { WorkerEvents, WorkerMethods } from './worker.ts';

/** Questions that the extension passes on to the worker as they are. */
type PassedOn = 'runs.get' | 'series.query' | 'series.points' | 'media.list' | 'media.read';

/** What a panel (metrics, samples) may ask of the extension. */
export interface PanelMethods extends Pick<WorkerMethods, PassedOn> {
  /** First call: what the panel is to show. `state` is what `panel.saveState` was last given for this panel, or null. */
  'panel.init': { params: Record<string, never>; result: PanelInit };
  'panel.saveState': { params: { state: Json }; result: null };
  'runs.list': { params: Record<string, never>; result: { runs: readonly RunSummary[] } };
  /** Asks the person where to save, then writes. False when the person changed their mind. */
  'file.save': { params: { suggestedName: string; bytes: Uint8Array }; result: { saved: boolean } };
  'clipboard.write': { params: { text: string }; result: null };
  /** Opens another panel or view on the same runs. */
  'command.run': { params: { command: PanelCommand; runIds: readonly RunId[] }; result: null };
}

export const panelCommands = ['showMetrics', 'showSamples', 'showLog', 'revealRun'] as const;
export type PanelCommand = (typeof panelCommands)[number];

/** What the extension tells a panel unasked. */
export interface PanelEvents extends Pick<WorkerEvents, 'runs.changed' | 'series.appended' | 'series.reset'> {
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
