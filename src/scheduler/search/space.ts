import type { SweepAxis } from '../../domain/sweep.ts';

/** An axis whose values are listed. A point on it is an index. */
export interface Choice {
  readonly kind: 'choice';
  readonly size: number;
}

/** An axis with an interval. A point on it is a number of `low … high` after the logarithm where there is one; whole numbers have half a step of room at both ends. */
export interface Interval {
  readonly kind: 'interval';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly integer: boolean;
}

export type Dimension = Choice | Interval;

/** A trial's place in the space: one coordinate per axis. */
export type Point = readonly number[];

export function dimensionOf(axis: SweepAxis): Dimension {
  if ('values' in axis) return { kind: 'choice', size: axis.values.length };
  const { log = false, integer = false } = axis;
  const margin = integer ? 0.5 : 0;
  const scale = (value: number): number => (log ? Math.log(value) : value);
  return { kind: 'interval', low: scale(axis.low - margin), high: scale(axis.high + margin), log, integer };
}

/** The coordinate as it stands behind `key=`. */
export function textAt(axis: SweepAxis, coordinate: number): string {
  if ('values' in axis) return axis.values[coordinate] ?? '';
  const value = axis.log === true ? Math.exp(coordinate) : coordinate;
  const kept = Math.min(axis.high, Math.max(axis.low, axis.integer === true ? Math.round(value) : value));
  // Six digits are more than any search finds out, and a command line stays readable.
  return String(axis.integer === true ? kept : Number(kept.toPrecision(6)));
}

/** The other way; undefined where the text is none of the axis, for instance after the axis was edited. */
export function coordinateOf(axis: SweepAxis, text: string): number | undefined {
  if ('values' in axis) {
    const index = axis.values.indexOf(text);
    return index < 0 ? undefined : index;
  }
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return undefined;
  return axis.log === true ? Math.log(value) : value;
}

/** `key=value` for each axis. */
export function overridesAt(axes: readonly SweepAxis[], point: Point): readonly string[] {
  return axes.map((axis, index) => `${axis.key}=${textAt(axis, point[index]!)}`);
}

/** The point that the overrides name; undefined where they are not of these axes. */
export function pointOf(axes: readonly SweepAxis[], overrides: readonly string[]): Point | undefined {
  const point: number[] = [];
  for (const [index, axis] of axes.entries()) {
    const override = overrides[index];
    if (override === undefined || !override.startsWith(`${axis.key}=`)) return undefined;
    const coordinate = coordinateOf(axis, override.slice(axis.key.length + 1));
    if (coordinate === undefined) return undefined;
    point.push(coordinate);
  }
  return point;
}
