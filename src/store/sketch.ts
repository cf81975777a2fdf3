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
  const total = sketch.seen + values.length;
  while (Math.ceil(total / sketch.spacing) >= room) halve(sketch);
  const { spacing, seen } = sketch;
  // The next place of the series whose number is a multiple of the spacing.
  for (let at = Math.ceil(seen / spacing) * spacing - seen; at < values.length; at += spacing) {
    const value = values[at]!;
    sketch.values.push(Number.isFinite(value) ? value : null);
  }
  sketch.seen = total;
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
