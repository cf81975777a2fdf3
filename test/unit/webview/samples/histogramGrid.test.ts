import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  evenly,
  gridOf,
  quantile,
  rangeBetween,
  sharesOf,
  wholeRange,
} from '../../../../webview/samples/content/histogramGrid.ts';

const histogram = fc
  .tuple(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1e3, noNaN: true }), fc.nat(1000)), { minLength: 1, maxLength: 40 }),
  )
  .map(([start, bins]) => {
    const edges = [start];
    for (const [width] of bins) edges.push(edges.at(-1)! + width);
    return { step: 0, edges, counts: bins.map(([, count]) => count) };
  });
const total = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);

test('every value lies in one of the rows, whatever the bins are', () => {
  fc.assert(
    fc.property(histogram, fc.integer({ min: 1, max: 80 }), (given, rows) => {
      const window = wholeRange([given]);
      if (window === undefined) return assert.equal(total(given.counts), 0);
      assert.ok(window.min < window.max);
      const shares = sharesOf(given, window, rows);
      assert.ok(Math.abs(total(shares) - 1) < 1e-6, String(total(shares)));
      assert.ok(shares.every((share) => share >= 0));
    }),
  );
});

test('a quantile lies between the edges and grows with its share', () => {
  fc.assert(
    fc.property(
      histogram,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (given, a, b) => {
        const [low, high] = [quantile(given, Math.min(a, b)), quantile(given, Math.max(a, b))];
        if (low === undefined || high === undefined) return assert.equal(total(given.counts), 0);
        assert.ok(low <= high && low >= given.edges[0]! && high <= given.edges.at(-1)!);
      },
    ),
  );
});

test('a few far values do not press the rest together, and the whole range has them', () => {
  const given = { step: 0, edges: [-1000, -1, 0, 1, 1000], counts: [1, 500, 500, 1] };
  const near = rangeBetween([given], 0.005)!;
  assert.ok(near.min > -2 && near.max < 2, JSON.stringify(near));
  assert.deepEqual(wholeRange([given]), { min: -1000, max: 1000 });
  // A bin of half the row's width gives it half of its values.
  assert.deepEqual([...sharesOf({ edges: [0, 1], counts: [10] }, { min: 0, max: 2 }, 2)], [1, 0]);
  assert.deepEqual([...sharesOf({ edges: [0, 2], counts: [10] }, { min: 0, max: 2 }, 4)], [0.25, 0.25, 0.25, 0.25]);
});

test('histograms without a value, or of one value, have their place too', () => {
  assert.equal(wholeRange([{ edges: [0, 1], counts: [0] }]), undefined);
  const one = { step: 3, edges: [2, 2], counts: [5] };
  const window = wholeRange([one])!;
  assert.ok(window.min < 2 && window.max > 2);
  const grid = gridOf([one], window, 10);
  assert.deepEqual([grid.steps, grid.peak], [[3], 1]);
});

test('many steps are drawn at even distances, with the first, the last and the one in sight', () => {
  const items = Array.from({ length: 1000 }, (_, i) => i);
  const chosen = evenly(items, 96, 501);
  assert.ok(chosen.length <= 97 && chosen.includes(501));
  assert.deepEqual([chosen[0], chosen.at(-1)], [0, 999]);
  assert.deepEqual(evenly([1, 2], 96, 2), [1, 2]);
});
