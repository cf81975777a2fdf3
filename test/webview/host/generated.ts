import type { RunId } from '../../../src/domain/ids.ts';
import type { SeriesPoints, SeriesQuery, SeriesTile, TileSeries, XAxis } from '../../../src/protocol/series.ts';

/** A series that is made by formula, so that a test can say what it must look like. */
export interface SeriesSpec {
  readonly tag: string;
  readonly count: number;
  readonly seed: number;
  /** Curve under the noise. */
  readonly shape?: 'decay' | 'flat' | 'rise';
  readonly noise?: number;
  /** Single values that stand out, by index. */
  readonly spikes?: readonly { readonly at: number; readonly value: number }[];
  /** Indices whose value is NaN. */
  readonly nans?: readonly number[];
  /** Distance between steps; 1 when absent. */
  readonly stepSize?: number;
  readonly level?: number;
}

const BLOCK = 256;
const FIRST_WALL_TIME = 1_760_000_000;

/** Points of a series in file order, in the columns of the protocol, with the extremes of every block of points. */
export class GeneratedSeries {
  readonly spec: SeriesSpec;
  count = 0;
  values: Float64Array<ArrayBuffer>;
  #low: number[] = [];
  #high: number[] = [];
  #smoothed: { weight: number; count: number; values: Float64Array } | undefined;

  constructor(spec: SeriesSpec) {
    this.spec = spec;
    this.values = new Float64Array(Math.max(16, spec.count));
    this.grow(spec.count);
  }

  /** Logs more points. */
  grow(by: number): void {
    const end = this.count + by;
    if (end > this.values.length) {
      const wider = new Float64Array(Math.max(end, 2 * this.values.length));
      wider.set(this.values.subarray(0, this.count));
      this.values = wider;
    }
    const { spec, values } = this;
    let random = (spec.seed * 2_654_435_761) >>> 0;
    for (let i = this.count; i < end; i++) {
      random = (Math.imul(random ^ i, 1_664_525) + 1_013_904_223) >>> 0;
      values[i] = curve(spec, i) + (spec.noise ?? 0.05) * (random / 2 ** 32 - 0.5);
    }
    for (const { at, value } of spec.spikes ?? []) if (at >= this.count && at < end) values[at] = value;
    for (const at of spec.nans ?? []) if (at >= this.count && at < end) values[at] = Number.NaN;
    const firstBlock = Math.floor(this.count / BLOCK);
    this.count = end;
    for (let block = firstBlock; block * BLOCK < end; block++) {
      [this.#low[block], this.#high[block]] = extremes(values, block * BLOCK, Math.min(end, (block + 1) * BLOCK));
    }
  }

  x(axis: XAxis, index: number): number {
    if (axis === 'step') return index * (this.spec.stepSize ?? 1);
    return (axis === 'wall' ? FIRST_WALL_TIME : 0) + index * 0.25;
  }

  /** Extremes of the finite values of [from, end). */
  range(from: number, end: number): [number, number] {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let i = from;
    while (i < end) {
      const block = i / BLOCK;
      const isWhole = Number.isInteger(block) && i + BLOCK <= end;
      const [a, b] = isWhole
        ? [this.#low[block]!, this.#high[block]!]
        : extremes(this.values, i, Math.min(end, (Math.floor(block) + 1) * BLOCK));
      if (a < low) low = a;
      if (b > high) high = b;
      i = (Math.floor(block) + 1) * BLOCK;
    }
    return [low, high];
  }

  /** TensorBoard's debiased moving average over all points. */
  smoothed(weight: number): Float64Array {
    const kept = this.#smoothed;
    if (kept?.weight === weight && kept.count === this.count) return kept.values;
    const values = new Float64Array(this.count);
    let [last, used] = [0, 0];
    for (let i = 0; i < this.count; i++) {
      const value = this.values[i]!;
      if (Number.isFinite(value)) {
        last = last * weight + (1 - weight) * value;
        used += 1;
        values[i] = last / (1 - weight ** used);
      } else values[i] = value;
    }
    this.#smoothed = { weight, count: this.count, values };
    return values;
  }

  points(from: number, count: number): SeriesPoints {
    const end = Math.min(this.count, from + count);
    const indices = Array.from({ length: Math.max(0, end - from) }, (_, i) => from + i);
    return {
      total: this.count,
      from,
      steps: Float64Array.from(indices, (i) => this.x('step', i)),
      wallTimes: Float64Array.from(indices, (i) => this.x('wall', i)),
      values: this.values.slice(from, Math.max(from, end)),
    };
  }
}

/** The tile of a query, as `src/protocol/series.ts` defines it. Series that do not exist are empty. */
export function tileOf(
  query: SeriesQuery,
  find: (runId: RunId, tag: string) => GeneratedSeries | undefined,
): SeriesTile {
  const stride = query.smoothing > 0 ? 9 : 6;
  const rows: number[] = [];
  const series = query.series.map((ref): TileSeries => {
    const offset = rows.length;
    const found = find(ref.runId, ref.tag);
    const inWindow = found === undefined ? 0 : addBuckets(rows, found, query);
    const [yMin, yMax] = found === undefined ? [Number.NaN, Number.NaN] : found.range(0, found.count);
    const last = (found?.count ?? 0) - 1;
    return {
      ...ref,
      offset,
      buckets: (rows.length - offset) / stride,
      inWindow,
      total: found?.count ?? 0,
      nonFinite: found?.spec.nans?.filter((at) => at < found.count).length ?? 0,
      xMin: last < 0 ? Number.NaN : found!.x(query.x, 0),
      xMax: last < 0 ? Number.NaN : found!.x(query.x, last),
      yMin,
      yMax,
      firstWallTime: FIRST_WALL_TIME,
    };
  });
  return { stride, data: Float64Array.from(rows), series };
}

function addBuckets(rows: number[], series: GeneratedSeries, query: SeriesQuery): number {
  if (series.count === 0) return 0;
  const axis = query.x;
  const size = series.count > 1 ? series.x(axis, 1) - series.x(axis, 0) : 1;
  const origin = series.x(axis, 0);
  const x0 = query.x0 ?? origin;
  const x1 = query.x1 ?? series.x(axis, series.count - 1);
  const from = Math.max(0, Math.ceil((x0 - origin) / size - 1e-9));
  const end = Math.min(series.count, Math.floor((x1 - origin) / size + 1e-9) + 1);
  const smooth = query.smoothing > 0 ? series.smoothed(query.smoothing) : undefined;
  const width = (x1 - x0) / query.buckets || 1;
  let i = from;
  while (i < end) {
    const bucket = Math.min(query.buckets - 1, Math.floor((series.x(axis, i) - x0) / width));
    let next = bucket === query.buckets - 1 ? end : Math.ceil((x0 + (bucket + 1) * width - origin) / size - 1e-9);
    next = Math.max(i + 1, Math.min(end, next));
    const [low, high] = series.range(i, next);
    const isEmpty = low > high;
    rows.push(series.x(axis, i), series.x(axis, next - 1), series.values[i]!);
    rows.push(isEmpty ? Number.NaN : low, isEmpty ? Number.NaN : high, series.values[next - 1]!);
    if (smooth !== undefined) rows.push(...extremes(smooth, i, next), smooth[next - 1]!);
    i = next;
  }
  return Math.max(0, end - from);
}

function curve(spec: SeriesSpec, i: number): number {
  const share = i / Math.max(1, spec.count);
  const level = spec.level ?? 1;
  if (spec.shape === 'flat') return level;
  if (spec.shape === 'rise') return level * (1 - Math.exp(-4 * share));
  return level * (0.15 + 0.85 * Math.exp(-5 * share));
}

function extremes(values: Float64Array, from: number, end: number): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = from; i < end; i++) {
    const value = values[i]!;
    if (value < low && value > Number.NEGATIVE_INFINITY) low = value;
    if (value > high && value < Number.POSITIVE_INFINITY) high = value;
  }
  return [low, high];
}
