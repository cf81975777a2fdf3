import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linearTicks, logTicks, shortNumber, xTicks } from '../../../../webview/charts/ticks.ts';

const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true });

test('linear ticks are round, in order, inside the window, and not many more than asked', () => {
  fc.assert(
    fc.property(
      finite,
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      (min, width, count) => {
        const max = min + width;
        fc.pre(max > min && width > Math.abs(min) * 1e-9);
        const ticks = linearTicks(min, max, count).map((tick) => tick.value);
        assert.ok(ticks.length <= count + 2, `${ticks.length} for ${count}`);
        for (const [i, value] of ticks.entries()) {
          assert.ok(value >= min - width * 1e-6 && value <= max + width * 1e-6);
          if (i > 0) assert.ok(value > ticks[i - 1]!);
        }
      },
    ),
  );
});

test('labels of neighbouring ticks differ', () => {
  for (const [min, max] of [
    [0, 1],
    [0.9997, 0.9999],
    [1_000_000, 1_000_010],
    [0, 3e-7],
    [12_345_678, 12_345_999],
  ] as const) {
    const labels = linearTicks(min, max, 6).map((tick) => tick.label);
    assert.ok(labels.length >= 2, `${min}…${max}`);
    assert.equal(new Set(labels).size, labels.length, `${min}…${max}: ${labels}`);
  }
});

test('known axes have the ticks that a person would draw', () => {
  assert.deepEqual(
    linearTicks(0, 10, 5).map((tick) => tick.label),
    ['0', '2', '4', '6', '8', '10'],
  );
  assert.deepEqual(
    logTicks(1, 1000, 6).map((tick) => tick.value),
    [1, 10, 100, 1000],
  );
  assert.deepEqual(
    logTicks(1, 100, 12).map((tick) => tick.value),
    [1, 2, 5, 10, 20, 50, 100],
  );
  assert.deepEqual(
    xTicks('relative', false, 0, 600, 5).map((tick) => tick.label),
    ['0', '2 min', '4 min', '6 min', '8 min', '10 min'].filter((_, i) => i < 6),
  );
  assert.equal(shortNumber(12_000), '12k');
  assert.equal(shortNumber(1_500_000), '1.5M');
  assert.equal(shortNumber(10_000_000_000), '10G');
});

test('time ticks stand at full hours of local time, and name the day where it changes', () => {
  const start = new Date(2026, 10, 21, 20, 13).getTime() / 1000;
  const ticks = xTicks('wall', false, start, start + 12 * 3600, 6);
  assert.ok(ticks.length >= 3 && ticks.length <= 8);
  for (const { value } of ticks) assert.equal(new Date(value * 1000).getMinutes(), 0);
  assert.equal(ticks.filter(({ label }) => label.startsWith('11-22')).length, 1);
});

test('empty and backward windows have no ticks', () => {
  assert.deepEqual(xTicks('step', false, 5, 5, 4), []);
  assert.deepEqual(xTicks('step', false, Number.NaN, 5, 4), []);
  assert.deepEqual(logTicks(0, 10, 4), []);
});
