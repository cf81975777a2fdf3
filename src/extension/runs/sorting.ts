import type { RunSummary } from '../../domain/run.ts';
import type { Sorting } from './viewState.ts';

type Compare = (a: RunSummary, b: RunSummary) => number;

/** The order of runs within a group. Equal runs go by time and then by id, so that the order never depends on arrival. */
export function runOrder(sorting: Sorting): Compare {
  const compare = orders[sorting];
  return (a, b) => compare(a, b) || b.createdAt - a.createdAt || compareText(a.id, b.id);
}

/** What the order depends on: a run whose key stays the same keeps its place. */
export function sortKey(run: RunSummary, sorting: Sorting): string | number {
  return keys[sorting](run);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

const orders: { readonly [S in Sorting]: Compare } = {
  newest: (a, b) => b.createdAt - a.createdAt,
  oldest: (a, b) => a.createdAt - b.createdAt,
  name: (a, b) => collator.compare(a.name, b.name),
  metricLow: (a, b) => compareValues(firstValue(a), firstValue(b)),
  metricHigh: (a, b) => compareValues(-firstValue(a), -firstValue(b)),
};

const keys: { readonly [S in Sorting]: (run: RunSummary) => string | number } = {
  newest: (run) => run.createdAt,
  oldest: (run) => run.createdAt,
  name: (run) => run.name,
  metricLow: firstValue,
  metricHigh: firstValue,
};

function firstValue(run: RunSummary): number {
  return run.metrics[0]?.value ?? Number.NaN;
}

/** Numbers upwards; what is not a number comes last. */
function compareValues(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
