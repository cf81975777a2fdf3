import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { extendSketch, newSketch, sparklineOf } from '../../../src/store/sketch.ts';

test('a sketch holds evenly spaced values of the series, whatever the pieces in which it came', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 12 }), (pieces) => {
      const total = pieces.reduce((sum, piece) => sum + piece, 0);
      const all = Float64Array.from({ length: total }, (_, index) => index);
      const sketch = newSketch();
      let from = 0;
      for (const piece of pieces) {
        extendSketch(sketch, all.subarray(from, from + piece));
        from += piece;
      }
      const expected = Array.from(all.filter((index) => index % sketch.spacing === 0));
      assert.deepEqual(sketch.values, expected);
      assert.ok(sketch.values.length < 48);
      if (total >= 48) assert.ok(sketch.values.length >= 24);
    }),
  );
});

test('a sparkline ends with the last value and shows gaps', () => {
  const sketch = newSketch();
  extendSketch(sketch, Float64Array.of(1, Number.NaN, 3));
  assert.deepEqual(sparklineOf(sketch, 24, 3), [1, Number.NaN, 3]);
  assert.deepEqual(sparklineOf(newSketch(), 24, 3), []);
  extendSketch(
    sketch,
    Float64Array.from({ length: 1000 }, (_, index) => index),
  );
  const spark = sparklineOf(sketch, 24, 999);
  assert.deepEqual([spark.length, spark[0], spark.at(-1)], [24, 1, 999]);
});
