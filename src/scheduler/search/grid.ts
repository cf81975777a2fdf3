import type { SweepAxis } from '../../domain/sweep.ts';

/** How many combinations a grid has; infinite where an axis is an interval. */
export function gridSize(axes: readonly SweepAxis[]): number {
  return axes.reduce((size, axis) => size * ('values' in axis ? axis.values.length : Number.POSITIVE_INFINITY), 1);
}

/** The overrides of combination `index`, in the order of Hydra's own sweeper (`itertools.product`): the last axis turns fastest. */
export function gridOverrides(axes: readonly SweepAxis[], index: number): readonly string[] {
  const overrides: string[] = [];
  let rest = index;
  for (const axis of [...axes].reverse()) {
    const values = 'values' in axis ? axis.values : [];
    overrides.unshift(`${axis.key}=${values[rest % values.length] ?? ''}`);
    rest = Math.floor(rest / values.length);
  }
  return overrides;
}
