/** A window on an axis, in the axis's units; `min < max`. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What zooming and panning must stay inside of, and whether the axis is logarithmic. */
export interface RangeLimits extends Range {
  readonly log: boolean;
}

/** The smallest range that holds both; undefined stands for an empty one. */
export function unite(one: Range | undefined, other: Range | undefined): Range | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return { min: Math.min(one.min, other.min), max: Math.max(one.max, other.max) };
}

/**
 * The range after zooming around a point that keeps its place on the screen; `factor` below 1 zooms in.
 * Undefined when everything is in sight again. Zooming stops where float64 cannot tell neighbouring pixels apart.
 */
export function zoomAt(range: Range, factor: number, anchor: number, limits: RangeLimits): Range | undefined {
  const { into, from } = mapping(limits.log);
  const at = into(anchor);
  const next = { min: at - (at - into(range.min)) * factor, max: at + (into(range.max) - at) * factor };
  const smallest = 1e-12 * Math.max(1, Math.abs(next.min), Math.abs(next.max)) * 4096;
  if (factor < 1 && next.max - next.min < smallest) return range;
  return withinLimits({ min: from(next.min), max: from(next.max) }, limits);
}

/** The range moved by a share of its width; it stops at the limits and keeps its width. */
export function panBy(range: Range, share: number, limits: RangeLimits): Range {
  const { into, from } = mapping(limits.log);
  const [low, high] = [into(range.min), into(range.max)];
  const width = high - low;
  const wanted = low + share * width;
  const start = Math.max(into(limits.min), Math.min(into(limits.max) - width, wanted));
  return { min: from(start), max: from(start + width) };
}

/** The range cut to the limits; undefined when nothing is cut away from the limits themselves. */
export function withinLimits(range: Range, limits: RangeLimits): Range | undefined {
  const min = Math.max(range.min, limits.min);
  const max = Math.min(range.max, limits.max);
  if (!(min < max)) return undefined;
  const slack = (limits.max - limits.min) * 1e-9;
  if (min <= limits.min + slack && max >= limits.max - slack) return undefined;
  return { min, max };
}

/** A range that has a width, for drawing: a single value gets room on both sides. */
export function withWidth(range: Range, log: boolean): Range {
  if (range.min < range.max) return range;
  if (log) return { min: range.min / 2, max: range.max * 2 };
  const room = Math.abs(range.min) * 0.05 || 0.5;
  return { min: range.min - room, max: range.max + room };
}

/** A little air above and below the values, so that extremes do not lie on the frame. */
export function padded(range: Range, log: boolean, share = 0.05): Range {
  const { into, from } = mapping(log);
  const wide = withWidth(range, log);
  const room = (into(wide.max) - into(wide.min)) * share;
  return { min: from(into(wide.min) - room), max: from(into(wide.max) + room) };
}

function mapping(log: boolean): { into: (value: number) => number; from: (value: number) => number } {
  if (!log) return { into: (value) => value, from: (value) => value };
  return { into: Math.log10, from: (value) => 10 ** value };
}
