/** Steps whose losses are one point of a curve: single losses differ by their batch far more than by anything else. */
export const WINDOW = 50;

/** Mean loss of every window. */
export function windowMeans(losses: ArrayLike<number>): readonly number[] {
  const means: number[] = [];
  for (let start = 0; start < losses.length; start += WINDOW) {
    const size = Math.min(WINDOW, losses.length - start);
    let sum = 0;
    for (let i = start; i < start + size; i++) sum += losses[i]!;
    means.push(sum / size);
  }
  return means;
}

/** How far our curve is from PyTorch's, and how far PyTorch's own runs are from each other. */
export interface Comparison {
  /** Mean over the windows of the distance to the mean of all of PyTorch's runs. */
  readonly ours: number;
  /** The same of every run of PyTorch, to the mean of the others. */
  readonly theirs: readonly number[];
  /** Part of the windows in which ours lies between the lowest and the highest of PyTorch's, and what it is for one of theirs among the others. */
  readonly inside: number;
  readonly insideOfTheirs: number;
}

/** All runs are means per window. */
export function compareCurves(ours: readonly number[], theirs: readonly (readonly number[])[]): Comparison {
  const without = (left: number) => theirs.filter((_, i) => i !== left);
  return {
    ours: distance(ours, theirs),
    theirs: theirs.map((each, i) => distance(each, without(i))),
    inside: insideOf(ours, theirs),
    insideOfTheirs: mean(theirs.map((each, i) => insideOf(each, without(i)))),
  };
}

function distance(curve: readonly number[], others: readonly (readonly number[])[]): number {
  return mean(curve.map((value, at) => Math.abs(value - mean(others.map((other) => other[at]!)))));
}

function insideOf(curve: readonly number[], others: readonly (readonly number[])[]): number {
  return mean(
    curve.map((value, at) => {
      const values = others.map((other) => other[at]!);
      return value >= Math.min(...values) && value <= Math.max(...values) ? 1 : 0;
    }),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
