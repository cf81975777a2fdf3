import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appendBuckets, TileBuffer } from '../../../src/store/series/buckets.ts';
import { SeriesColumns } from '../../../src/store/series/columns.ts';
import { Pyramid } from '../../../src/store/series/pyramid.ts';
import { sortedOrder } from '../../../src/store/series/sortedOrder.ts';

const awkward = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0) },
);
/** Steps that repeat, jump and go backwards. */
const steps = fc.integer({ min: -5, max: 60 }).map(Number);
const points = fc.array(fc.tuple(steps, awkward), { maxLength: 400 });

/** Cuts the points into pieces, as they come from a file that grows. */
function columnsInPieces(
  data: readonly (readonly [number, number])[],
  pieces: readonly number[],
  touch: (columns: SeriesColumns) => void,
) {
  const empty = new Float64Array(0);
  const columns = new SeriesColumns(empty, empty, empty);
  let from = 0;
  for (const piece of [...pieces, data.length]) {
    const part = data.slice(from, from + piece);
    from += part.length;
    const x = Float64Array.from(part, ([step]) => step);
    columns.append(
      x,
      x.map((step) => step * 2),
      Float64Array.from(part, ([, value]) => value),
    );
    touch(columns);
  }
  return columns;
}

/** The plain answer: every point looked at for every bucket. */
function bruteForce(
  data: readonly (readonly [number, number, number])[],
  x0: number,
  x1: number,
  buckets: number,
  withSmoothed: boolean,
): number[] {
  const sorted = [...data].sort((a, b) => a[0] - b[0]).filter(([x]) => x >= x0 && x <= x1);
  const width = (x1 - x0) / buckets;
  const records: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const isLast = bucket === buckets - 1;
    const inside = sorted.filter(([x]) => {
      const afterLow = bucket === 0 || x >= x0 + bucket * width;
      return width > 0 ? afterLow && (isLast || x < x0 + (bucket + 1) * width) : isLast;
    });
    if (inside.length === 0) continue;
    const finite = inside.filter(([, value]) => Number.isFinite(value));
    const shown = finite.length > 0 ? finite : inside;
    const extremes = (at: 1 | 2) =>
      finite.length === 0
        ? [Number.NaN, Number.NaN]
        : [Math.min(...finite.map((p) => p[at])), Math.max(...finite.map((p) => p[at]))];
    const end = (value: number) => (finite.length === 0 ? Number.NaN : value);
    records.push(shown[0]![0], shown.at(-1)![0], end(shown[0]![1]), ...extremes(1), end(shown.at(-1)![1]));
    if (withSmoothed) records.push(...extremes(2), end(shown.at(-1)![2]));
  }
  return records;
}

/** 0 and -0 are equal, so either may be the smaller one. */
function withoutMinusZero(values: Iterable<number>): number[] {
  return Array.from(values, (value) => value + 0);
}

/** TensorBoard's formula, written plainly. */
function plainSmoothing(values: readonly number[], weight: number): number[] {
  if (values.every((value) => value === values[0])) return [...values];
  let last = 0;
  let count = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    last = last * weight + (1 - weight) * value;
    count++;
    return last / (1 - weight ** count);
  });
}

test('buckets hold the exact extremes of all their points, whatever the order and the pieces', () => {
  fc.assert(
    fc.property(
      points,
      fc.array(fc.nat(150), { maxLength: 4 }),
      fc.tuple(steps, fc.nat(60)),
      fc.integer({ min: 1, max: 40 }),
      (data, pieces, [x0, span], buckets) => {
        const columns = columnsInPieces(data, pieces, (partial) => partial.view('step'));
        const buffer = new TileBuffer();
        const answer = appendBuckets(buffer, columns.view('step'), undefined, { x0, x1: x0 + span, buckets }, 0);
        const expected = bruteForce(
          data.map(([x, value]) => [x, value, 0]),
          x0,
          x0 + span,
          buckets,
          false,
        );
        assert.deepEqual(withoutMinusZero(buffer.finish()), withoutMinusZero(expected));
        assert.equal(answer.buckets * 6, expected.length);
        assert.equal(answer.inWindow, data.filter(([x]) => x >= x0 && x <= x0 + span).length);
      },
    ),
    { numRuns: 600 },
  );
});

test("the smoothed curve is TensorBoard's over the full data in file order", () => {
  fc.assert(
    fc.property(
      points,
      fc.array(fc.nat(150), { maxLength: 3 }),
      fc.constantFrom(0.3, 0.6, 0.99),
      fc.integer({ min: 1, max: 30 }),
      (data, pieces, weight, buckets) => {
        const columns = columnsInPieces(data, pieces, (partial) => partial.smoothedView('step', weight));
        const smooth = plainSmoothing(
          data.map(([, value]) => value),
          weight,
        );
        const buffer = new TileBuffer();
        appendBuckets(
          buffer,
          columns.view('step'),
          columns.smoothedView('step', weight),
          { x0: -5, x1: 60, buckets },
          0,
        );
        const expected = bruteForce(
          data.map(([x, value], index) => [x, value, smooth[index]!]),
          -5,
          60,
          buckets,
          true,
        );
        assert.deepEqual(withoutMinusZero(buffer.finish()), withoutMinusZero(expected));
      },
    ),
    { numRuns: 400 },
  );
});

test('the extremes of any range of a long column are those of a scan', () => {
  const values = Float64Array.from({ length: 20_000 }, (_, index) =>
    index % 37 === 0 ? Number.NaN : Math.sin(index * index),
  );
  const pyramid = new Pyramid();
  for (let length = 0; length <= values.length; length += 1_999)
    pyramid.update(values.subarray(0, length), Math.max(0, length - 1_999));
  pyramid.update(values, 0);
  fc.assert(
    fc.property(fc.nat(values.length), fc.nat(values.length), (a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      const extremes = { min: 0, max: 0 };
      pyramid.query(values, start, end, extremes);
      const finite = values.subarray(start, end).filter(Number.isFinite);
      const expected =
        finite.length === 0
          ? { min: Number.NaN, max: Number.NaN }
          : { min: finite.reduce((x, y) => Math.min(x, y)), max: finite.reduce((x, y) => Math.max(x, y)) };
      assert.deepEqual(extremes, expected);
    }),
    { numRuns: 300 },
  );
});

test('points are put in order of x stably, those without a finite x left out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(steps, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)), { maxLength: 300 }),
      (list) => {
        const x = Float64Array.from(list);
        const order = sortedOrder(x);
        const expected = [...x.keys()]
          .filter((index) => Number.isFinite(x[index]!))
          .sort((a, b) => x[a]! - x[b]! || a - b);
        assert.deepEqual([...(order ?? x.keys())], expected);
      },
    ),
    { numRuns: 500 },
  );
});

test('exact points come back in file order', () => {
  const columns = new SeriesColumns(
    Float64Array.of(2, 1, 1),
    Float64Array.of(10, 20, 30),
    Float64Array.of(Number.NaN, 5, 6),
  );
  assert.deepEqual(columns.points(1, 10), {
    steps: Float64Array.of(1, 1),
    wallTimes: Float64Array.of(20, 30),
    values: Float64Array.of(5, 6),
  });
  assert.deepEqual([columns.min, columns.max, columns.nonFinite], [5, 6, 1]);
});
