import { parzen, rounded } from './parzen.ts';
import { type Uniform, uniformOf } from './seeded.ts';
import type { Dimension, Point } from './space.ts';

const startupTrials = 10;
const candidates = 24;
/** The best tenth of the trials counts as good, and never more than so many. */
const goodShare = 0.1;
const mostGood = 25;

/** What became of an earlier trial. */
export interface Observation {
  readonly point: Point;
  /** Smaller is better; absent while it runs and where it failed. */
  readonly loss?: number;
}

/** A point drawn uniformly (in the logarithm where the axis has one). */
export function randomPoint(space: readonly Dimension[], seed: number, trial: number): Point {
  return uniformPoint(space, uniformOf(seed, trial));
}

/**
 * The point to try next: of some candidates drawn from the density of good trials the one where good is most likely against the rest.
 * Tree-structured Parzen estimator: Bergstra, Bardenet, Bengio, Kégl, "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011, equations 2 and 3;
 * the numbers are the defaults of Optuna 5's TPESampler. Trials that run or failed count as poor, so that several at once spread and a place that
 * fails is left. Trials must stand in the order in which they began.
 */
export function tpePoint(
  space: readonly Dimension[],
  observations: readonly Observation[],
  seed: number,
  trial: number,
): Point {
  const uniform = uniformOf(seed, trial);
  const known = observations.filter(({ loss }) => loss !== undefined && !Number.isNaN(loss));
  if (known.length < startupTrials) return uniformPoint(space, uniform);
  const good = bestOf(known);
  const points = (isGood: boolean) =>
    observations.filter((observation) => good.has(observation) === isGood).map(({ point }) => point);
  const likelyGood = parzen(space, points(true));
  const likelyPoor = parzen(space, points(false));
  let best = { point: uniformPoint(space, uniform), score: Number.NEGATIVE_INFINITY };
  for (let candidate = 0; candidate < candidates; candidate++) {
    const point = likelyGood.sample(uniform);
    const score = likelyGood.logAt(point) - likelyPoor.logAt(point);
    if (score > best.score) best = { point, score };
  }
  return best.point;
}

function bestOf(known: readonly Observation[]): ReadonlySet<Observation> {
  const count = Math.min(mostGood, Math.ceil(goodShare * known.length));
  return new Set([...known].sort((a, b) => a.loss! - b.loss!).slice(0, count));
}

function uniformPoint(space: readonly Dimension[], uniform: Uniform): Point {
  return space.map((dimension) => {
    const at = uniform();
    if (dimension.kind === 'choice') return Math.min(dimension.size - 1, Math.floor(at * dimension.size));
    return rounded(dimension, dimension.low + at * (dimension.high - dimension.low));
  });
}
