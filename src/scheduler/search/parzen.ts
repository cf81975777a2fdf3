import { gaussian, type Uniform } from './seeded.ts';
import type { Choice, Dimension, Interval, Point } from './space.ts';

/** A density over all axes that is made of a kernel per observation and a broad prior. */
export interface Density {
  sample(uniform: Uniform): Point;
  logAt(point: Point): number;
}

/** The factor of each kernel on one axis. The last kernel is the prior. */
interface AxisKernels {
  sample(kernel: number, uniform: Uniform): number;
  /** Density (or chance) of a coordinate under each kernel. */
  at(kernel: number, coordinate: number): number;
}

const priorWeight = 1;
/** Observations older than the newest so many weigh less, the oldest least. */
const fullWeights = 25;

/**
 * The density of observations, given in the order in which they were made: a mixture of products, so that axes which belong together are drawn together.
 * One axis alone is the estimator of Bergstra et al. 2011, section 4; the product is that of Falkner, Klein, Hutter, "BOHB", ICML 2018, section 4.1.
 */
export function parzen(space: readonly Dimension[], observations: readonly Point[]): Density {
  const weights = normalized([...ageWeights(observations.length), priorWeight]);
  const axes = space.map((dimension, axis) => {
    const coordinates = observations.map((point) => point[axis]!);
    return dimension.kind === 'choice'
      ? choiceKernels(dimension, coordinates)
      : intervalKernels(dimension, coordinates);
  });
  return {
    sample: (uniform) => {
      const kernel = pick(weights, uniform());
      return axes.map((axis) => axis.sample(kernel, uniform));
    },
    logAt: (point) => {
      let sum = 0;
      for (const [kernel, weight] of weights.entries())
        sum += axes.reduce((product, axis, index) => product * axis.at(kernel, point[index]!), weight);
      return Math.log(Math.max(sum, Number.MIN_VALUE));
    },
  };
}

/** Each kernel spreads a share of the prior over all choices, so that none is ever impossible. */
function choiceKernels({ size }: Choice, observations: readonly number[]): AxisKernels {
  const spread = priorWeight / (observations.length + 1);
  const at = (kernel: number, choice: number): number =>
    kernel === observations.length
      ? 1 / size
      : (spread + (observations[kernel] === choice ? 1 : 0)) / (1 + spread * size);
  return {
    at,
    sample: (kernel, uniform) =>
      pick(
        Array.from({ length: size }, (_, choice) => at(kernel, choice)),
        uniform(),
      ),
  };
}

interface Kernel {
  readonly mean: number;
  readonly width: number;
  /** What of the normal distribution lies within the axis. */
  readonly mass: number;
}

function intervalKernels(axis: Interval, observations: readonly number[]): AxisKernels {
  const { low, high } = axis;
  const kernels = kernelsOf(axis, observations).map(
    ({ mean, width }): Kernel => ({
      mean,
      width,
      mass: normalCdf((high - mean) / width) - normalCdf((low - mean) / width),
    }),
  );
  return {
    sample: (kernel, uniform) => {
      const { mean, width } = kernels[kernel]!;
      return rounded(axis, truncatedNormal(mean, width, axis, uniform));
    },
    at: (kernel, coordinate) => {
      const { mean, width, mass } = kernels[kernel]!;
      const [from, to] = cell(axis, coordinate);
      if (to > from) return (normalCdf((to - mean) / width) - normalCdf((from - mean) / width)) / mass;
      return Math.exp(-0.5 * ((coordinate - mean) / width) ** 2) / (width * Math.sqrt(2 * Math.PI) * mass);
    },
  };
}

/**
 * A kernel per observation, as wide as the farther of its two neighbours is away, and the prior in the middle, as wide as the axis. A single
 * observation takes the ends of the axis as neighbours. Widths are kept between the axis and a share of it that shrinks with the number of
 * observations (Optuna's "magic clip").
 */
function kernelsOf({ low, high }: Interval, observations: readonly number[]): readonly Omit<Kernel, 'mass'>[] {
  // An axis of one point has no width; any positive one does.
  const range = high - low || 1;
  const narrowest = range / Math.min(100, 2 + observations.length);
  const order = observations.map((_, index) => index).sort((a, b) => observations[a]! - observations[b]!);
  const kernels: Omit<Kernel, 'mass'>[] = observations.map((mean) => ({ mean, width: range }));
  for (const [place, index] of order.entries()) {
    const mean = observations[index]!;
    const isAlone = order.length === 1;
    const left = place > 0 ? mean - observations[order[place - 1]!]! : isAlone ? mean - low : 0;
    const right = place < order.length - 1 ? observations[order[place + 1]!]! - mean : isAlone ? high - mean : 0;
    kernels[index] = { mean, width: Math.min(range, Math.max(narrowest, left, right)) };
  }
  return [...kernels, { mean: (low + high) / 2, width: range }];
}

/** Between which coordinates values are the same whole number; both equal where every value counts. */
function cell({ integer, log, low, high }: Interval, coordinate: number): readonly [number, number] {
  if (!integer) return [coordinate, coordinate];
  if (!log) return [coordinate - 0.5, coordinate + 0.5];
  const whole = Math.round(Math.exp(coordinate));
  return [Math.max(low, Math.log(Math.max(whole - 0.5, 1e-300))), Math.min(high, Math.log(whole + 0.5))];
}

/** To the nearest whole number that the axis has, where it has only those. */
export function rounded({ integer, log, low, high }: Interval, coordinate: number): number {
  if (!integer) return coordinate;
  if (!log) return Math.min(high - 0.5, Math.max(low + 0.5, Math.round(coordinate)));
  const whole = Math.round(Math.exp(coordinate));
  return Math.log(Math.min(Math.round(Math.exp(high) - 0.5), Math.max(Math.round(Math.exp(low) + 0.5), whole)));
}

/** Draws again until it lies within the axis: the mean does, so a third of the draws do at least. */
function truncatedNormal(mean: number, width: number, { low, high }: Interval, uniform: Uniform): number {
  for (let attempt = 0; attempt < 100; attempt++) {
    const drawn = mean + width * gaussian(uniform);
    if (drawn >= low && drawn <= high) return drawn;
  }
  return low + (high - low) * uniform();
}

/** Optuna's default weights: a ramp from 1/n for all but the newest 25. */
function ageWeights(count: number): readonly number[] {
  const ramp = Math.max(0, count - fullWeights);
  return Array.from({ length: count }, (_, index) => {
    if (index >= ramp) return 1;
    return ramp === 1 ? 1 / count : 1 / count + (index / (ramp - 1)) * (1 - 1 / count);
  });
}

function normalized(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Index in proportion to its weight; `at` in [0, 1). */
function pick(weights: readonly number[], at: number): number {
  let rest = at;
  for (const [index, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return index;
  }
  return weights.length - 1;
}

/** Φ by the error function of Abramowitz and Stegun, 7.1.26 (absolute error below 1.5e-7). */
function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const half = 0.5 * series * Math.exp(-z * z);
  return x < 0 ? half : 1 - half;
}
