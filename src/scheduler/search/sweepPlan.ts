import type { SweepAxis, SweepRequest } from '../../domain/sweep.ts';
import { gridOverrides, gridSize } from './grid.ts';
import { dimensionOf, overridesAt, pointOf } from './space.ts';
import { type Observation, randomPoint, tpePoint } from './tpe.ts';

/** A ledger of more rows helps nobody, and a typing error makes a million combinations quickly. */
const mostTrials = 10_000;

/** What a request means before it starts. */
export interface SweepPlan {
  /** How many trials it makes. */
  readonly total: number;
  /** Overrides of those that are known before any has run: all of a grid and of a random search, none of a search that learns. */
  readonly trials: readonly (readonly string[])[];
  /** Sentences; a sweep with problems is refused. */
  readonly problems: readonly string[];
}

export function planSweep(request: SweepRequest): SweepPlan {
  const problems = [...request.axes.flatMap(axisProblems), ...requestProblems(request)];
  const total = request.search === 'grid' ? gridSize(request.axes) : (request.trials ?? 0);
  if (problems.length === 0 && total > mostTrials)
    problems.push(`This makes ${total} trials; at most ${mostTrials} are allowed. List fewer values.`);
  if (problems.length > 0) return { total: Number.isFinite(total) ? total : 0, trials: [], problems };
  const isKnown = request.search !== 'tpe';
  const trials = isKnown ? Array.from({ length: total }, (_, index) => drawTrial(request, index, [])) : [];
  return { total, trials, problems };
}

/** What is known of an earlier trial of a search that learns. */
export interface EarlierTrial {
  readonly overrides: readonly string[];
  /** Value of the metric; absent while it runs and where it failed. */
  readonly value?: number;
}

/** The overrides of trial `index`; for a search that learns, from the trials before it in the order in which they began. */
export function drawTrial(request: SweepRequest, index: number, earlier: readonly EarlierTrial[]): readonly string[] {
  const { axes, search, seed = 0 } = request;
  if (search === 'grid') return gridOverrides(axes, index);
  const space = axes.map(dimensionOf);
  if (search === 'random') return overridesAt(axes, randomPoint(space, seed, index));
  const sign = request.direction === 'maximize' ? -1 : 1;
  const observations = earlier.flatMap(({ overrides, value }): Observation[] => {
    const point = pointOf(axes, overrides);
    if (point === undefined) return [];
    return [value === undefined ? { point } : { point, loss: sign * value }];
  });
  return overridesAt(axes, tpePoint(space, observations, seed, index));
}

function axisProblems(axis: SweepAxis): readonly string[] {
  if (axis.key.trim() === '' || axis.key.includes('=')) return [`"${axis.key}" is no key that can be set.`];
  if ('values' in axis) {
    if (axis.values.length === 0) return [`${axis.key} has no values.`];
    const twice = axis.values.find((value, index) => axis.values.indexOf(value) !== index);
    return twice === undefined ? [] : [`${axis.key} lists ${twice} twice.`];
  }
  const { key, low, high, log, integer } = axis;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [`The bounds of ${key} must be numbers.`];
  if (low > high) return [`The lower bound of ${key}, ${low}, is above the upper one, ${high}.`];
  const lowest = integer === true ? 1 : 0;
  if (log === true && (low <= 0 || low < lowest))
    return [`${key} is searched by its logarithm, so its lower bound must be ${integer ? 'at least 1' : 'above 0'}.`];
  if (integer === true && !(Number.isInteger(low) && Number.isInteger(high)))
    return [`${key} takes whole numbers, so its bounds must be whole.`];
  return [];
}

function requestProblems({ axes, search, trials, metric, concurrency, direction }: SweepRequest): readonly string[] {
  const problems: string[] = [];
  const keys = axes.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (axes.length === 0) problems.push('A sweep needs at least one key that varies.');
  if (twice !== undefined) problems.push(`${twice} varies twice; give each key one list of values.`);
  if (concurrency !== undefined && !isCount(concurrency))
    problems.push('How many trials run at once must be a whole number of at least 1.');
  if (search === 'grid') {
    const open = axes.filter((axis) => !('values' in axis)).map(({ key }) => key);
    if (open.length > 0)
      problems.push(`A grid needs listed values for ${open.join(', ')}; an interval needs a random or TPE search.`);
    return problems;
  }
  if (trials === undefined || !isCount(trials)) problems.push('Say how many trials the search makes (at least 1).');
  if (search === 'tpe' && (metric === undefined || metric === ''))
    problems.push('Name the metric that the search is to make better, for instance val/loss.');
  if (search === 'tpe' && direction === undefined)
    problems.push('Say whether the metric is to be minimized or maximized.');
  return problems;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
