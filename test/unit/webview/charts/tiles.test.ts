import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { SeriesQuery, SeriesTile } from '../../../../src/protocol/series.ts';
import { ChartData, type DataRequest } from '../../../../webview/charts/chartData.ts';
import { coarsen, mergeFactor } from '../../../../webview/charts/coarsen.ts';
import { nextX, readingAt } from '../../../../webview/charts/cursor.ts';
import { joinTiles, logWindows } from '../../../../webview/charts/joinTiles.ts';
import { neighbour, shownPoints, valueRange } from '../../../../webview/charts/tile.ts';
import { isComplete, TileCache, tileRequest } from '../../../../webview/charts/tileCache.ts';
import { GeneratedSeries, type SeriesSpec, tileOf } from '../../../webview/host/generated.ts';

const runId = 'r' as RunId;

function query(spec: SeriesSpec, change: Partial<SeriesQuery> = {}): SeriesTile {
  const made = new GeneratedSeries(spec);
  return tileOf({ series: [{ runId, tag: spec.tag }], x: 'step', buckets: 100, smoothing: 0, ...change }, () => made);
}

const noisy: SeriesSpec = { tag: 'loss', seed: 7, count: 10_000, noise: 0.5 };

test('the legend reads exact logged points, and the nearest one where every point is known', () => {
  const made = new GeneratedSeries({ ...noisy, count: 80, stepSize: 10 });
  const tile = tileOf({ series: [{ runId, tag: 'loss' }], x: 'step', buckets: 800, smoothing: 0 }, () => made);
  assert.ok(tile.series[0]!.buckets === 80);
  fc.assert(
    fc.property(fc.double({ min: -50, max: 900, noNaN: true }), (x) => {
      const reading = readingAt(tile, tile.series[0]!, x)!;
      const index = Math.max(0, Math.min(79, Math.round(x / 10)));
      assert.ok(Math.abs(reading.x - x) <= Math.abs(index * 10 - x) + 1e-9);
      assert.equal(reading.value, made.values[reading.x / 10]);
    }),
  );
  assert.equal(readingAt(query({ ...noisy, count: 0 }), query({ ...noisy, count: 0 }).series[0]!, 5), undefined);
});

test('the keyboard walks over every point of a small series, there and back', () => {
  const tile = query({ ...noisy, count: 30, stepSize: 3 }, { buckets: 7 });
  const all: number[] = [];
  for (let x = nextX(tile, tile.series[0]!, -1, 1); x !== undefined; x = nextX(tile, tile.series[0]!, x, 1))
    all.push(x);
  const back: number[] = [];
  for (let x = nextX(tile, tile.series[0]!, 1e9, -1); x !== undefined; x = nextX(tile, tile.series[0]!, x, -1))
    back.push(x);
  assert.deepEqual(back.reverse(), all);
  assert.equal(all[0], 0);
  assert.equal(all.at(-1), 87);
});

test('the range of values in a window is that of the points in it', () => {
  const made = new GeneratedSeries({ ...noisy, spikes: [{ at: 5000, value: 40 }] });
  const tile = tileOf({ series: [{ runId, tag: 'loss' }], x: 'step', buckets: 10_000, smoothing: 0 }, () => made);
  const [low, high] = made.range(1000, 2001);
  assert.deepEqual(valueRange(tile, tile.series[0]!, { min: 1000, max: 2000 }, false), { min: low, max: high });
  assert.equal(valueRange(tile, tile.series[0]!, { min: 0, max: 9999 }, false)!.max, 40);
  assert.equal(valueRange(tile, tile.series[0]!, { min: 20_000, max: 30_000 }, false), undefined);
});

test('of few points all are shown, of many no more than four per bucket', () => {
  const few = query({ ...noisy, count: 60 }, { buckets: 600 });
  assert.equal(shownPoints(few, few.series[0]!, { min: 0, max: 59 }), 60);
  const many = query(noisy, { buckets: 100 });
  const shown = shownPoints(many, many.series[0]!, { min: 0, max: 9999 });
  assert.ok(shown > 200 && shown <= 400);
});

test('a neighbour is the nearest known point outside of the window', () => {
  const tile = query({ ...noisy, count: 50, stepSize: 100 }, { buckets: 50 });
  assert.equal(neighbour(tile, tile.series[0]!, 1050, 'left')?.x, 1000);
  assert.equal(neighbour(tile, tile.series[0]!, 1050, 'right')?.x, 1100);
  assert.equal(neighbour(tile, tile.series[0]!, 0, 'left'), undefined);
  assert.equal(neighbour(tile, tile.series[0]!, 1e6, 'right'), undefined);
});

test('the finest tile that covers the window is drawn, else the overview', () => {
  const cache = new TileCache();
  const overview = query(noisy);
  const wide = query(noisy, { x0: 0, x1: 5000 });
  const narrow = query(noisy, { x0: 1000, x1: 2000 });
  cache.putOverview(overview);
  cache.putFine(wide, { min: 0, max: 5000 }, 50);
  cache.putFine(narrow, { min: 1000, max: 2000 }, 10);
  assert.equal(cache.best({ min: 1200, max: 1800 })?.tile, narrow);
  assert.equal(cache.best({ min: 900, max: 1800 })?.tile, wide);
  assert.equal(cache.best({ min: 4000, max: 6000 })?.tile, overview);
  assert.equal(cache.best(undefined)?.tile, overview);
  assert.equal(cache.line(cache.best({ min: 1200, max: 1800 })!, runId)?.left?.x !== undefined, true);
});

test('a tile is asked three windows wide, inside of the data, and within the budget', () => {
  const limits = { min: 0, max: 1000 };
  assert.deepEqual(tileRequest({ min: 400, max: 500 }, limits, 600, 1), {
    window: { min: 300, max: 600 },
    buckets: 1800,
  });
  assert.deepEqual(tileRequest({ min: 0, max: 100 }, limits, 600, 1).window, { min: 0, max: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 100, max: 4000 }), (series, pixels) => {
      const { buckets } = tileRequest({ min: 400, max: 500 }, limits, pixels, series);
      assert.ok(buckets <= 4096 && buckets >= 16);
      assert.ok(series * buckets <= 310_000);
    }),
  );
});

test("a log axis has a tile per decade, joined without losing a point's extremes", () => {
  const made = new GeneratedSeries({
    ...noisy,
    count: 100_000,
    spikes: [
      { at: 3, value: 9 },
      { at: 99_000, value: -9 },
    ],
  });
  const parts = logWindows({ min: 1, max: 99_999 }, 500);
  assert.equal(parts.length, 5);
  assert.equal(parts[0]!.window.min, 1);
  assert.equal(parts.at(-1)!.window.max, 99_999);
  const tiles = parts.map(({ window, buckets }) =>
    tileOf(
      { series: [{ runId, tag: 'loss' }], x: 'step', x0: window.min, x1: window.max, buckets, smoothing: 0 },
      () => made,
    ),
  );
  const joined = joinTiles(tiles);
  const series = joined.series[0]!;
  assert.equal(
    series.buckets,
    tiles.reduce((sum, tile) => sum + tile.series[0]!.buckets, 0),
  );
  const range = valueRange(joined, series, { min: 1, max: 99_999 }, false)!;
  assert.deepEqual(range, { min: -9, max: 9 });
  for (let i = 1; i < series.buckets; i++) {
    assert.ok(joined.data[series.offset + i * 6]! >= joined.data[series.offset + (i - 1) * 6]!);
  }
});

test('merged buckets keep all extremes, the ends, and every point in its place', () => {
  const spec = fc.record({ seed: fc.integer({ min: 1, max: 1e6 }), count: fc.integer({ min: 1, max: 3000 }) });
  fc.assert(
    fc.property(spec, fc.constantFrom(2, 4, 8), fc.constantFrom(0, 0.9), ({ seed, count }, factor, smoothing) => {
      const fine = query({ tag: 'loss', seed, count, noise: 0.5, nans: [3, 4, 5, 6] }, { buckets: 333, smoothing });
      const coarse = coarsen(fine, factor);
      const [from, to] = [fine.series[0]!, coarse.series[0]!];
      assert.equal(to.buckets, Math.ceil(from.buckets / factor));
      assert.equal(coarsen(fine, factor), coarse, 'made once');
      for (let i = 0; i < to.buckets; i++) {
        const parts = Array.from({ length: Math.min(factor, from.buckets - i * factor) }, (_, part) => {
          const at = from.offset + (i * factor + part) * fine.stride;
          return fine.data.subarray(at, at + fine.stride);
        });
        const merged = coarse.data.subarray(to.offset + i * coarse.stride, to.offset + (i + 1) * coarse.stride);
        const lows = parts.map((part) => part[3]!).filter((value) => !Number.isNaN(value));
        const highs = parts.map((part) => part[4]!).filter((value) => !Number.isNaN(value));
        assert.ok(Object.is(merged[3], lows.length === 0 ? Number.NaN : Math.min(...lows)));
        assert.ok(Object.is(merged[4], highs.length === 0 ? Number.NaN : Math.max(...highs)));
        assert.equal(merged[0], parts[0]![0]);
        assert.equal(merged[1], parts.at(-1)![1]);
        if (smoothing > 0) assert.ok(Object.is(merged[8], parts.at(-1)![8]));
      }
    }),
  );
  assert.deepEqual([0.5, 1.9, 2, 5, 9, 1000, Number.NaN].map(mergeFactor), [1, 1, 2, 4, 8, 16, 1]);
});

/** A worker whose answers a test holds back. */
class SlowWorker {
  readonly made = new GeneratedSeries({ ...noisy, count: 100_000 });
  readonly asked: { query: SeriesQuery; answer: () => void; fail: (message: string) => void; signal: AbortSignal }[] =
    [];

  readonly query = (query: SeriesQuery, signal: AbortSignal): Promise<SeriesTile> =>
    new Promise((resolve, reject) => {
      const answer = () => resolve(tileOf(query, () => this.made));
      this.asked.push({ query, answer, fail: (message) => reject(new Error(message)), signal });
    });

  async answerNext(): Promise<void> {
    this.asked.at(-1)!.answer();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const request: DataRequest = { tag: 'loss', runIds: [runId], axis: 'step', logX: false, smoothing: 0, pixels: 500 };

test('a chart asks for an overview, then for what it zooms into, and draws the old meanwhile', async () => {
  const worker = new SlowWorker();
  let changes = 0;
  const data = new ChartData(worker.query, () => changes++);
  data.configure(request);
  assert.equal(data.state.kind, 'loading');
  await worker.answerNext();
  assert.equal(data.state.kind, 'ready');
  assert.equal(changes, 1);
  assert.deepEqual(data.extent, { min: 0, max: 99_999 });

  const window = { min: 40_000, max: 41_000 };
  data.setWindow(window, false);
  assert.equal(worker.asked.length, 2);
  assert.equal(data.cache.best(window), data.cache.overview);
  await worker.answerNext();
  const fine = data.cache.best(window)!;
  assert.notEqual(fine, data.cache.overview);
  assert.deepEqual(fine.window, { min: 39_000, max: 42_000 });
  data.setWindow({ min: 40_500, max: 41_500 }, true);
  assert.equal(worker.asked.length, 2, 'the wide tile covers a small move');
  data.dispose();
});

test('another smoothing cancels the question under way and asks anew', async () => {
  const worker = new SlowWorker();
  const data = new ChartData(worker.query, () => {});
  data.configure(request);
  data.configure({ ...request, smoothing: 0.9 });
  assert.equal(worker.asked[0]!.signal.aborted, true);
  assert.equal(worker.asked[1]!.query.smoothing, 0.9);
  worker.asked[0]!.answer();
  await worker.answerNext();
  assert.equal(data.cache.overview?.tile.stride, 9);
  data.dispose();
});

test('a small series is asked for once, however far one zooms', async () => {
  const made = new GeneratedSeries({ ...noisy, count: 200 });
  let asked = 0;
  const data = new ChartData(
    async (q) => {
      asked++;
      return tileOf(q, () => made);
    },
    () => {},
  );
  data.configure(request);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(isComplete(data.cache.overview!));
  data.setWindow({ min: 10, max: 12 }, false);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(asked, 1);
  data.dispose();
});

test('a failure is a state, is not asked again by itself, and a retry helps', async () => {
  const worker = new SlowWorker();
  const data = new ChartData(worker.query, () => {});
  data.configure(request);
  worker.asked[0]!.fail('The worker is gone.');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(data.state, { kind: 'failed', message: 'The worker is gone.', hint: undefined });
  data.setWindow(undefined, true);
  assert.equal(worker.asked.length, 1);
  data.retry();
  await worker.answerNext();
  assert.equal(data.state.kind, 'ready');
  data.dispose();
});

test('points that arrive during an answer lead to one more question', async () => {
  const worker = new SlowWorker();
  const data = new ChartData(worker.query, () => {});
  data.configure(request);
  data.invalidate();
  data.invalidate();
  await worker.answerNext();
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(worker.asked.length, 2);
  data.dispose();
});
