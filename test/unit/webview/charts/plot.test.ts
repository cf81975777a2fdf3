import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SeriesTile } from '../../../../src/protocol/series.ts';
import { type LinePen, pixelAxis, pixelOf, traceCurve, valueAt } from '../../../../webview/charts/plot.ts';
import { GeneratedSeries, type SeriesSpec, tileOf } from '../../../webview/host/generated.ts';

/** Remembers what a line would draw. */
class Recorder implements LinePen {
  readonly points: { x: number; y: number; starts: boolean }[] = [];
  moveTo(x: number, y: number): void {
    this.points.push({ x, y, starts: true });
  }
  lineTo(x: number, y: number): void {
    this.points.push({ x, y, starts: false });
  }
}

const WIDTH = 600;
const HEIGHT = 200;

function tile(
  spec: SeriesSpec,
  window: { min: number; max: number } | undefined,
  buckets: number,
): { tile: SeriesTile; made: GeneratedSeries } {
  const made = new GeneratedSeries(spec);
  const ends = window === undefined ? {} : { x0: window.min, x1: window.max };
  const series = [{ runId: 'r', tag: spec.tag }] as never;
  return { made, tile: tileOf({ series, x: 'step', ...ends, buckets, smoothing: 0 }, () => made) };
}

function draw(from: SeriesTile, window: { min: number; max: number }, stride: number, exactEnds: boolean) {
  const pen = new Recorder();
  const y = pixelAxis({ min: -2, max: 12 }, HEIGHT, 0, false);
  const area = { x: pixelAxis(window, 0, WIDTH, false), y, window, left: 0 };
  const result = traceCurve(pen, { tile: from, series: from.series[0]! }, area, 'raw', stride, exactEnds);
  return { pen, area, ...result };
}

test("pixels and values are each other's inverse, on log axes too", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e6, noNaN: true }), fc.boolean(), (value, log) => {
      const axis = pixelAxis({ min: 0.001, max: 1e6 }, 40, 640, log);
      assert.ok(Math.abs(valueAt(axis, pixelOf(axis, value)) - value) <= 1e-6 * Math.max(1, value));
    }),
  );
});

test('at every width of columns the least and greatest value of each column are drawn', () => {
  const spec = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    count: fc.integer({ min: 50, max: 20_000 }),
    at: fc.nat(),
    value: fc.double({ min: -1.9, max: 11.9, noNaN: true }),
  });
  fc.assert(
    fc.property(spec, fc.constantFrom(1, 2, 4, 8), fc.boolean(), ({ seed, count, at, value }, stride, exactEnds) => {
      const { tile: from, made } = tile(
        { tag: 't', seed, count, noise: 0.4, spikes: [{ at: at % count, value }] },
        undefined,
        WIDTH,
      );
      const { pen, area } = draw(from, { min: 0, max: count - 1 }, stride, exactEnds);
      const [low, high] = made.range(0, count);
      const ys = pen.points.map((point) => point.y);
      assert.ok(Math.abs(Math.min(...ys) - pixelOf(area.y, high)) < 1e-9);
      assert.ok(Math.abs(Math.max(...ys) - pixelOf(area.y, low)) < 1e-9);
      const spike = pen.points.some(
        ({ x, y }) =>
          Math.abs(y - pixelOf(area.y, value)) < 1e-6 && Math.abs(x - pixelOf(area.x, at % count)) <= stride + 1,
      );
      assert.ok(spike || (value > low && value < high), 'the spike is drawn where it is');
    }),
    { numRuns: 60 },
  );
});

test('wider columns make fewer strokes', () => {
  const { tile: from } = tile({ tag: 't', seed: 3, count: 100_000, noise: 0.4 }, undefined, WIDTH);
  const fine = draw(from, { min: 0, max: 99_999 }, 1, true);
  const coarse = draw(from, { min: 0, max: 99_999 }, 4, false);
  assert.ok(fine.columns >= WIDTH - 1 && fine.columns <= WIDTH + 1);
  assert.ok(coarse.columns <= WIDTH / 4 + 1);
  assert.ok(coarse.pen.points.length < fine.pen.points.length / 4);
});

test('a value that is not finite breaks the line and is told', () => {
  const { tile: from } = tile({ tag: 't', seed: 3, count: 50, noise: 0, nans: [20, 21] }, undefined, WIDTH);
  const { pen, nonFiniteAt, area } = draw(from, { min: 0, max: 49 }, 1, true);
  assert.equal(pen.points.filter((point) => point.starts).length, 2);
  assert.deepEqual(
    nonFiniteAt,
    [20, 21].map((x) => pixelOf(area.x, x)),
  );
});

test("a window between two points is crossed by the line from the overview's neighbours", () => {
  const { tile: from } = tile(
    { tag: 't', seed: 3, count: 50, noise: 0, stepSize: 100 },
    { min: 1010, max: 1090 },
    WIDTH,
  );
  assert.equal(from.series[0]!.buckets, 0);
  const pen = new Recorder();
  const window = { min: 1010, max: 1090 };
  const area = {
    x: pixelAxis(window, 0, WIDTH, false),
    y: pixelAxis({ min: 0, max: 1 }, HEIGHT, 0, false),
    window,
    left: 0,
  };
  traceCurve(
    pen,
    { tile: from, series: from.series[0]!, left: { x: 1000, y: 0.4 }, right: { x: 1100, y: 0.3 } },
    area,
    'raw',
    1,
    true,
  );
  assert.ok(pen.points[0]!.x < 0 && pen.points.at(-1)!.x > WIDTH);
});
