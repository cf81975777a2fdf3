/**
 * Milliseconds between two questions about a job. A person who looks sees a young run every second; a run of days is asked about every minute while
 * nobody looks.
 */
export function pollPauseMs(ageMs: number, isWatched: boolean): number {
  if (ageMs < 15_000) return 500;
  return isWatched ? between(1_000, ageMs / 60, 5_000) : between(5_000, ageMs / 30, 60_000);
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
