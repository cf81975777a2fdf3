import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { padded, panBy, withinLimits, withWidth, zoomAt } from '../../../../webview/charts/range.ts';

const limits = { min: 0, max: 1000, log: false };
const logLimits = { min: 1, max: 1e6, log: true };

test('zooming keeps the point under the pointer where it is', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.2, max: 0.9, noNaN: true }),
      fc.double({ min: 0.1, max: 0.9, noNaN: true }),
      (factor, share) => {
        const range = { min: 200, max: 800 };
        const anchor = 200 + 600 * share;
        const next = zoomAt(range, factor, anchor, limits)!;
        assert.ok(Math.abs((anchor - next.min) / (next.max - next.min) - share) < 1e-9);
      },
    ),
  );
});

test('zooming out far enough shows everything', () => {
  assert.equal(zoomAt({ min: 100, max: 200 }, 100, 150, limits), undefined);
  assert.equal(zoomAt({ min: 10, max: 1000 }, 100, 100, logLimits), undefined);
});

test('zooming in ends where neighbouring numbers can no longer be told apart', () => {
  let range = { min: 499, max: 501 };
  for (let i = 0; i < 500; i++) range = zoomAt(range, 0.5, 500, limits) ?? range;
  assert.ok(range.max - range.min > 1e-8);
});

test('panning stops at the limits and keeps the width', () => {
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (share) => {
      const next = panBy({ min: 200, max: 300 }, share, limits);
      assert.ok(Math.abs(next.max - next.min - 100) < 1e-9);
      assert.ok(next.min >= -1e-9 && next.max <= 1000 + 1e-9);
      const log = panBy({ min: 10, max: 100 }, share, logLimits);
      assert.ok(Math.abs(Math.log10(log.max / log.min) - 1) < 1e-9);
    }),
  );
});

test('a window outside of the data is no window', () => {
  assert.equal(withinLimits({ min: 2000, max: 3000 }, limits), undefined);
  assert.deepEqual(withinLimits({ min: 900, max: 3000 }, limits), { min: 900, max: 1000 });
});

test('a constant gets room around it', () => {
  assert.deepEqual(withWidth({ min: 0, max: 0 }, false), { min: -0.5, max: 0.5 });
  const around = padded({ min: 3, max: 3 }, false);
  assert.ok(around.min < 3 && around.max > 3);
  assert.ok(padded({ min: 5, max: 5 }, true).min > 0);
});
