import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFilter } from '../../../../webview/shared/filter.ts';
import { formatCount, formatDuration, formatStep, formatValue, plural } from '../../../../webview/shared/format.ts';
import { visibleRows } from '../../../../webview/shared/virtualRows.ts';

test('counts are grouped by thin spaces', () => {
  assert.equal(formatCount(3812), '3\u202f812');
  assert.equal(formatCount(1_204_551), '1\u202f204\u202f551');
  assert.equal(formatCount(12), '12');
  assert.equal(plural(1, 'run'), '1 run');
  assert.equal(plural(2000, 'run'), '2\u202f000 runs');
});

test('values are short and keep their size', () => {
  assert.equal(formatValue(0.123456789), '0.12346');
  assert.equal(formatValue(0.00001234), '1.234e-5');
  assert.equal(formatValue(1.5e12), '1.5e12');
  assert.equal(formatValue(-3), '−3');
  assert.equal(formatValue(0), '0');
  assert.equal(formatValue(Number.NaN), 'NaN');
  assert.equal(formatValue(Number.NEGATIVE_INFINITY), '−∞');
  assert.equal(formatStep(1000), '1\u202f000');
});

test('durations are told in two units', () => {
  assert.equal(formatDuration(0), '0 s');
  assert.equal(formatDuration(0.25), '250 ms');
  assert.equal(formatDuration(12.34), '12.3 s');
  assert.equal(formatDuration(200), '3 min 20 s');
  assert.equal(formatDuration(7500), '2 h 5 min');
  assert.equal(formatDuration(100_000), '1 d 3 h');
});

test('a filter that is no regular expression hides nothing and says why', () => {
  const bad = parseFilter('loss(');
  assert.ok(bad.test('anything'));
  assert.match(bad.problem ?? '', /^Not a regular expression: .*group/i);
  const good = parseFilter('^train/(loss|lr)$');
  assert.equal(good.problem, undefined);
  assert.ok(good.test('TRAIN/LOSS'));
  assert.ok(!good.test('val/loss'));
  assert.ok(parseFilter('  ').test(''));
});

test('of a long list only the rows in sight exist', () => {
  assert.deepEqual(visibleRows(0, 260, 26, 10_000), { first: 0, end: 16 });
  assert.deepEqual(visibleRows(26_000, 260, 26, 10_000), { first: 994, end: 1016 });
  assert.deepEqual(visibleRows(99_999, 260, 26, 5), { first: 5, end: 5 });
  assert.deepEqual(visibleRows(0, 260, 26, 0), { first: 0, end: 0 });
});
