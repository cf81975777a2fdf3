import { AppError } from '../../base/errors.ts';
import type { SeriesPoints, SeriesQuery, SeriesRef, SeriesTile, TileSeries } from '../../protocol/series.ts';
import { appendBuckets, TileBuffer } from '../../store/series/buckets.ts';
import type { SeriesColumns } from '../../store/series/columns.ts';
import type { LiveRun } from './liveRun.ts';
import type { RunCatalog } from './runCatalog.ts';

const maxBuckets = 4096;
const maxPoints = 1_000_000;

interface Asked {
  readonly ref: SeriesRef;
  readonly columns: SeriesColumns;
  /** What relative time subtracts from wall time. */
  readonly shift: number;
  readonly firstWallTime: number;
  readonly xMin: number;
  readonly xMax: number;
}

/** Answers a query as src/protocol/series.ts describes it. Without a window, all series share the window that holds them all. */
export function queryTile(catalog: RunCatalog, query: SeriesQuery): SeriesTile {
  checkQuery(query);
  const asked = query.series.map((ref) => prepare(catalog, ref, query));
  const x0 = query.x0 ?? smallest(asked.map(({ xMin }) => xMin));
  const x1 = query.x1 ?? -smallest(asked.map(({ xMax }) => -xMax));
  const buffer = new TileBuffer();
  const series = asked.map((each) => append(buffer, each, query, x0, x1));
  catalog.cache.shrink();
  return { stride: query.smoothing > 0 ? 9 : 6, data: buffer.finish(), series };
}

/** Exact points of one series in file order. */
export function readPoints(catalog: RunCatalog, run: LiveRun, tag: string, from: number, count: number): SeriesPoints {
  if (!Number.isInteger(from) || from < 0 || !Number.isInteger(count) || count < 0 || count > maxPoints) {
    throw new AppError('bad-argument', `Points are asked for from a whole number on, at most ${maxPoints} at once.`);
  }
  const columns = catalog.cache.get(run, tag);
  catalog.cache.shrink();
  return { total: columns.length, from, ...columns.points(from, count) };
}

function checkQuery({ buckets, smoothing, x0, x1 }: SeriesQuery): void {
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > maxBuckets) {
    throw new AppError('bad-argument', `A query has between 1 and ${maxBuckets} buckets, not ${buckets}.`);
  }
  if (!(smoothing >= 0 && smoothing < 1))
    throw new AppError('bad-argument', `Smoothing lies between 0 and 1, not at ${smoothing}.`);
  if (Number.isNaN(x0) || Number.isNaN(x1))
    throw new AppError('bad-argument', 'The ends of the window must be numbers.');
}

function prepare(catalog: RunCatalog, ref: SeriesRef, { x }: SeriesQuery): Asked {
  const run = catalog.get(ref.runId);
  if (run === undefined) throw new AppError('not-found', `There is no run ${ref.runId}.`);
  const columns = catalog.cache.get(run, ref.tag);
  const firstWallTime = run.firstWallTime;
  const shift = x === 'relative' ? firstWallTime : 0;
  const axis = columns.view(x === 'step' ? 'step' : 'wall').x;
  return {
    ref,
    columns,
    shift,
    firstWallTime,
    xMin: (axis[0] ?? Number.NaN) - shift,
    xMax: (axis.at(-1) ?? Number.NaN) - shift,
  };
}

function append(buffer: TileBuffer, asked: Asked, query: SeriesQuery, x0: number, x1: number): TileSeries {
  const { columns, shift, ref } = asked;
  const axis = query.x === 'step' ? 'step' : 'wall';
  const offset = buffer.length;
  const smoothed = query.smoothing > 0 ? columns.smoothedView(axis, query.smoothing) : undefined;
  const window = { x0: x0 + shift, x1: x1 + shift, buckets: query.buckets };
  const { buckets, inWindow } = appendBuckets(buffer, columns.view(axis), smoothed, window, shift);
  return {
    runId: ref.runId,
    tag: ref.tag,
    offset,
    buckets,
    inWindow,
    total: columns.length,
    nonFinite: columns.nonFinite,
    xMin: asked.xMin,
    xMax: asked.xMax,
    yMin: columns.min,
    yMax: columns.max,
    firstWallTime: asked.firstWallTime,
  };
}

/** The smallest of the numbers that are one; NaN where none is. */
function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => (!(least <= value) && !Number.isNaN(value) ? value : least), Number.NaN);
}
