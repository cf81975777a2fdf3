import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SeriesTile } from '../../../../src/protocol/series.ts';
import { Cover } from '../../../../webview/charts/cover.ts';
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

function draw(from: SeriesTile, window: { min: number; max: number }, stride: number) {
  const pen = new Recorder();
  const y = pixelAxis({ min: -2, max: 12 }, HEIGHT, 0, false);
  const area = { x: pixelAxis(window, 0, WIDTH, false), y, window, left: 0, pixel: 1 };
  const result = traceCurve(pen, { tile: from, series: from.series[0]! }, area, 'raw', stride);
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
    fc.property(spec, fc.constantFrom(1, 2, 4, 8), ({ seed, count, at, value }, stride) => {
      const { tile: from, made } = tile(
        { tag: 't', seed, count, noise: 0.4, spikes: [{ at: at % count, value }] },
        undefined,
        WIDTH,
      );
      const { pen, area } = draw(from, { min: 0, max: count - 1 }, stride);
      const [low, high] = made.range(0, count);
      const ys = pen.points.map((point) => point.y);
      assert.ok(Math.abs(Math.min(...ys) - pixelOf(area.y, high)) <= 0.5);
      assert.ok(Math.abs(Math.max(...ys) - pixelOf(area.y, low)) <= 0.5);
      const spike = pen.points.some(
        ({ x, y }) =>
          Math.abs(y - pixelOf(area.y, value)) <= 0.5 && Math.abs(x - pixelOf(area.x, at % count)) <= stride + 1,
      );
      assert.ok(spike || (value > low && value < high), 'the spike is drawn where it is');
    }),
    { numRuns: 60 },
  );
});

test('wider columns make fewer strokes', () => {
  const { tile: from } = tile({ tag: 't', seed: 3, count: 100_000, noise: 0.4 }, undefined, WIDTH);
  const fine = draw(from, { min: 0, max: 99_999 }, 1);
  const coarse = draw(from, { min: 0, max: 99_999 }, 4);
  assert.ok(fine.columns >= WIDTH - 1 && fine.columns <= WIDTH + 1);
  assert.ok(coarse.columns <= WIDTH / 4 + 1);
  assert.ok(coarse.pen.points.length < fine.pen.points.length / 3);
});

test('a value that is not finite breaks the line and is told', () => {
  const { tile: from } = tile({ tag: 't', seed: 3, count: 50, noise: 0, nans: [20, 21] }, undefined, WIDTH);
  const { pen, nonFiniteAt, area } = draw(from, { min: 0, max: 49 }, 1);
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
    pixel: 1,
  };
  traceCurve(
    pen,
    { tile: from, series: from.series[0]!, left: { x: 1000, y: 0.4 }, right: { x: 1100, y: 0.3 } },
    area,
    'raw',
    1,
  );
  assert.ok(pen.points[0]!.x < 0 && pen.points.at(-1)!.x > WIDTH);
});

/** Rows of pixels that the upright strokes of a column cover, with the number of the topmost line that covers each. */
function screenOf(lines: readonly Recorder[]): Map<string, number> {
  const screen = new Map<string, number>();
  lines.forEach((pen, line) => {
    for (let i = 1; i < pen.points.length; i++) {
      const [from, to] = [pen.points[i - 1]!, pen.points[i]!];
      if (to.starts || from.x !== to.x) continue;
      const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
      for (let row = Math.ceil(top); row <= Math.floor(bottom); row++) screen.set(`${to.x} ${row}`, line);
    }
  });
  return screen;
}

test('leaving out what later lines hide changes no pixel, and saves most of the strokes of many lines', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 2, max: 30 }),
      fc.constantFrom(1, 4),
      (seed, count, stride) => {
        const tiles = Array.from({ length: count }, (_, i) => {
          const spec = {
            tag: 't',
            seed: seed + i,
            count: 5000,
            noise: 1 + (i % 3),
            level: (seed + 7 * i) % 9,
            shape: 'flat' as const,
          };
          return tile(spec, undefined, WIDTH).tile;
        });
        const window = { min: 0, max: 4999 };
        const y = pixelAxis({ min: -2, max: 12 }, HEIGHT, 0, false);
        const area = { x: pixelAxis(window, 0, WIDTH, false), y, window, left: 0, pixel: 1 };
        const trace = (from: SeriesTile, cover?: Cover) => {
          const pen = new Recorder();
          traceCurve(pen, { tile: from, series: from.series[0]! }, area, 'raw', stride, cover);
          return pen;
        };
        const whole = tiles.map((from) => trace(from));
        const cover = new Cover(WIDTH / stride);
        const cut = tiles
          .toReversed()
          .map((from) => trace(from, cover))
          .reverse();
        assert.deepEqual(new Map([...screenOf(cut)].sort()), new Map([...screenOf(whole)].sort()));
        const strokes = (pens: readonly Recorder[]) => pens.reduce((sum, pen) => sum + pen.points.length, 0);
        assert.ok(strokes(cut) <= 1.5 * strokes(whole));
      },
    ),
    { numRuns: 25 },
  );
});
