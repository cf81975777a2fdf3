/** How long ago the latest change was, and how long to wait between two looks then. */
const steps = [
  { untilSeconds: 60, periodSeconds: 2 },
  { untilSeconds: 600, periodSeconds: 5 },
  { untilSeconds: 3_600, periodSeconds: 15 },
  { untilSeconds: 6 * 3_600, periodSeconds: 30 },
  { untilSeconds: Number.POSITIVE_INFINITY, periodSeconds: 60 },
] as const;

const silentSeconds = { least: 60, most: 600 } as const;
const troubleSeconds = { first: 5, most: 60 } as const;

/**
 * Seconds between two looks at a cluster: often while something has just changed, seldom in a quiet queue, and ten times more seldom when nobody looks.
 * Ends of runs are seen without it, by exit.json.
 */
export function pollPeriod(secondsSinceChange: number, isWatched: boolean): number {
  const step = steps.find(({ untilSeconds }) => secondsSinceChange < untilSeconds) ?? steps[steps.length - 1]!;
  if (isWatched) return step.periodSeconds;
  return Math.min(silentSeconds.most, Math.max(silentSeconds.least, step.periodSeconds * 10));
}

/** Seconds to wait after some failures in a row. */
export function troublePeriod(failures: number): number {
  return Math.min(troubleSeconds.most, troubleSeconds.first * 2 ** Math.max(0, failures - 1));
}
