import type { CursorReading } from './cursor.ts';
import type { LineSpec } from './paint.ts';

/** A line of the legend at the cursor. */
export interface LegendRow {
  readonly line: LineSpec;
  readonly reading: CursorReading;
  /** The curve nearest to the pointer. */
  readonly isNearest: boolean;
}

export interface Legend {
  readonly rows: readonly LegendRow[];
  /** Runs that did not fit above the first and below the last row. */
  readonly above: number;
  readonly below: number;
}

/** The value that is sorted by and drawn: the smoothed one where there is one. */
export function drawnValue(reading: CursorReading): number {
  return reading.smoothed ?? reading.value;
}

/**
 * The legend at the cursor: greatest value first as the lines lie on the screen, values that are not finite last; with too many runs the
 * rows around the one that is nearest to the pointer.
 * @param nearestTo value at the pointer's height; undefined: none is the nearest
 */
export function legendAt(
  readings: readonly { readonly line: LineSpec; readonly reading: CursorReading }[],
  nearestTo: number | undefined,
  mostRows: number,
): Legend {
  const sorted = [...readings].sort((a, b) => compare(drawnValue(b.reading), drawnValue(a.reading)));
  let nearest = -1;
  if (nearestTo !== undefined) {
    let least = Number.POSITIVE_INFINITY;
    sorted.forEach(({ reading }, index) => {
      const distance = Math.abs(drawnValue(reading) - nearestTo);
      if (distance < least) {
        least = distance;
        nearest = index;
      }
    });
  }
  const centre = Math.max(0, nearest);
  const start = Math.max(0, Math.min(sorted.length - mostRows, centre - Math.floor(mostRows / 2)));
  const rows = sorted
    .slice(start, start + mostRows)
    .map((found, index) => ({ ...found, isNearest: start + index === nearest }));
  return { rows, above: start, below: sorted.length - start - rows.length };
}

function compare(one: number, other: number): number {
  if (Number.isNaN(one)) return Number.isNaN(other) ? 0 : -1;
  if (Number.isNaN(other)) return 1;
  return one < other ? -1 : one > other ? 1 : 0;
}
