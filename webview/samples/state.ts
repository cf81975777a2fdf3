import type { Json } from '../../src/domain/json.ts';
import { type SeriesKind, seriesKinds } from '../../src/domain/run.ts';

/** How the person has set up the samples panel. */
export interface SamplesState {
  /** The step in sight; null: the latest. */
  readonly step: number | null;
  /** New steps come into sight by themselves. */
  readonly follow: boolean;
  readonly tagFilter: string;
  /** The only kind that is shown; null: all kinds. */
  readonly kind: SeriesKind | null;
  readonly runFilter: string;
  /** Width of an image in CSS pixels. */
  readonly size: number;
  /** Draw pixels as squares instead of smoothing them. */
  readonly pixelated: boolean;
  readonly scrollTop: number;
  readonly allRuns: boolean;
  readonly runIds: readonly string[];
}

export const SMALLEST = 32;
export const LARGEST = 512;

export const initialSamplesState: SamplesState = {
  step: null,
  follow: true,
  tagFilter: '',
  kind: null,
  runFilter: '',
  size: 304,
  pixelated: true,
  scrollTop: 0,
  allRuns: false,
  runIds: [],
};

/** The state as it was kept; anything of another form falls back to that of a new panel. */
export function parseSamplesState(kept: unknown): SamplesState {
  const fresh = initialSamplesState;
  if (typeof kept !== 'object' || kept === null) return fresh;
  const given = kept as Readonly<Record<string, unknown>>;
  const { step, size, scrollTop, runIds } = given;
  const isStep = typeof step === 'number' && Number.isFinite(step);
  return {
    step: isStep ? step : null,
    follow: isStep ? given['follow'] === true : true,
    kind: seriesKinds.find((kind) => kind === given['kind']) ?? null,
    tagFilter: typeof given['tagFilter'] === 'string' ? given['tagFilter'] : '',
    runFilter: typeof given['runFilter'] === 'string' ? given['runFilter'] : '',
    size: typeof size === 'number' && size >= SMALLEST && size <= LARGEST ? size : fresh.size,
    pixelated: given['pixelated'] !== false,
    scrollTop: typeof scrollTop === 'number' && scrollTop > 0 ? scrollTop : 0,
    allRuns: given['allRuns'] === true,
    runIds: Array.isArray(runIds) ? runIds.filter((id) => typeof id === 'string') : [],
  };
}

export function samplesStateJson(state: SamplesState): Json {
  return { ...state };
}
