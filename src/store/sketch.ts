const room = 48;

/** A few evenly spaced values of a series that grows, for a sparkline: when the room is full, every second one goes and the spacing doubles. */
export interface Sketch {
  readonly values: (number | null)[];
  spacing: number;
  /** How many values were seen. */
  seen: number;
}

export function newSketch(): Sketch {
  return { values: [], spacing: 1, seen: 0 };
}

/** Takes in the next values of the series. Values that are not finite leave a gap. */
export function extendSketch(sketch: Sketch, values: Float64Array): void {
  for (let next = (sketch.spacing - (sketch.seen % sketch.spacing)) % sketch.spacing; next < values.length; ) {
    const value = values[next]!;
    sketch.values.push(Number.isFinite(value) ? value : null);
    if (sketch.values.length === room) halve(sketch);
    // The spacing may just have doubled, so the next place is counted from the start of the series.
    const place = sketch.seen + next;
    next = (Math.floor(place / sketch.spacing) + 1) * sketch.spacing - sketch.seen;
  }
  sketch.seen += values.length;
}

/** At most `count` evenly spaced values, NaN for gaps, ending with the last value of the series. */
export function sparklineOf(sketch: Sketch, count: number, last: number): number[] {
  const { values } = sketch;
  const shown = Math.min(count, values.length);
  const spark = Array.from({ length: shown }, (_, index) => {
    const at = shown === 1 ? 0 : Math.round((index * (values.length - 1)) / (shown - 1));
    return values[at] ?? Number.NaN;
  });
  if (shown > 0) spark[shown - 1] = Number.isFinite(last) ? last : Number.NaN;
  return spark;
}

function halve(sketch: Sketch): void {
  const kept = sketch.values.filter((_, index) => index % 2 === 0);
  sketch.values.splice(0, sketch.values.length, ...kept);
  sketch.spacing *= 2;
}
