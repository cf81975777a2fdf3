import type { Json } from '../../src/domain/json.ts';
import type { XAxis } from '../../src/protocol/series.ts';
import type { Range } from '../charts/range.ts';
import { COLOURS, DASHES, type RunStyle } from '../shared/runStyles.ts';
import { closedAtFirst } from './tags.ts';

/** How the person has set up the panel. Kept over hiding the panel and reloading the window. */
export interface MetricsState {
  readonly axis: XAxis;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly smoothing: number;
  readonly tagFilter: string;
  readonly runFilter: string;
  readonly hidden: readonly string[];
  readonly isolated: string | null;
  readonly window: Range | null;
  readonly closedGroups: readonly string[];
  readonly fullSize: string | null;
  readonly scrollTop: number;
  readonly runsOpen: boolean;
  /** Show every run that there is, because none was chosen. */
  readonly allRuns: boolean;
  /** Runs chosen in the tree when the state was kept; empty: take those of `panel.init`. */
  readonly runIds: readonly string[];
  readonly styles: Readonly<Record<string, RunStyle>>;
}

const MOST_STYLES = 2000;

/** A new panel's state. */
export function initialState(smoothing: number): MetricsState {
  return {
    axis: 'step',
    logX: false,
    logY: false,
    smoothing: clampSmoothing(smoothing),
    tagFilter: '',
    runFilter: '',
    hidden: [],
    isolated: null,
    window: null,
    closedGroups: closedAtFirst,
    fullSize: null,
    scrollTop: 0,
    runsOpen: true,
    allRuns: false,
    runIds: [],
    styles: {},
  };
}

/** The state as it was kept. Anything of another form (an older version, damage) falls back to the value of a new panel. */
export function parseState(kept: unknown, smoothing: number): MetricsState {
  const fresh = initialState(smoothing);
  if (!isRecord(kept)) return fresh;
  return {
    axis: (['step', 'wall', 'relative'] as const).find((axis) => axis === kept['axis']) ?? fresh.axis,
    logX: kept['logX'] === true,
    logY: kept['logY'] === true,
    smoothing: typeof kept['smoothing'] === 'number' ? clampSmoothing(kept['smoothing']) : fresh.smoothing,
    tagFilter: textOf(kept['tagFilter']),
    runFilter: textOf(kept['runFilter']),
    hidden: textsOf(kept['hidden']),
    isolated: typeof kept['isolated'] === 'string' ? kept['isolated'] : null,
    window: rangeOf(kept['window']),
    closedGroups: Array.isArray(kept['closedGroups']) ? textsOf(kept['closedGroups']) : fresh.closedGroups,
    fullSize: typeof kept['fullSize'] === 'string' ? kept['fullSize'] : null,
    scrollTop: typeof kept['scrollTop'] === 'number' && kept['scrollTop'] >= 0 ? kept['scrollTop'] : 0,
    runsOpen: kept['runsOpen'] !== false,
    allRuns: kept['allRuns'] === true,
    runIds: textsOf(kept['runIds']),
    styles: stylesOf(kept['styles']),
  };
}

/** The state as JSON. */
export function stateJson(state: MetricsState): Json {
  const styles = Object.fromEntries(
    Object.entries(state.styles)
      .slice(-MOST_STYLES)
      .map(([id, style]) => [id, { colour: style.colour, dash: style.dash }]),
  );
  const window = state.window === null ? null : { min: state.window.min, max: state.window.max };
  return { ...state, window, styles };
}

function clampSmoothing(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.min(0.999, value)) : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function rangeOf(value: unknown): Range | null {
  if (!isRecord(value)) return null;
  const { min, max } = value;
  return typeof min === 'number' && typeof max === 'number' && min < max ? { min, max } : null;
}

function stylesOf(value: unknown): Record<string, RunStyle> {
  const styles: Record<string, RunStyle> = {};
  for (const [id, style] of Object.entries(isRecord(value) ? value : {})) {
    if (!isRecord(style)) continue;
    const { colour, dash } = style;
    if (isIndex(colour, COLOURS) && isIndex(dash, DASHES.length)) styles[id] = { colour, dash };
  }
  return styles;
}

function isIndex(value: unknown, end: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < end;
}
