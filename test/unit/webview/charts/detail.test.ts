import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameGovernor, movingDetail, restDetail } from '../../../../webview/charts/detail.ts';
import { legendAt } from '../../../../webview/charts/legendRows.ts';

test('a chart at rest shows every device pixel, with thin lines where there are many', () => {
  assert.deepEqual(restDetail(1000, 2), { stride: 0.5, lineWidth: 1.5, hairline: 0.5, isFull: true });
  assert.deepEqual(restDetail(240_000, 1), { stride: 1, lineWidth: 1, hairline: 1, isFull: true });
});

test('a moving chart stays within its budget of columns', () => {
  assert.deepEqual(movingDetail(1200, 60_000, 1), restDetail(1200, 1));
  assert.equal(movingDetail(240_000, 60_000, 1).stride, 4);
  assert.equal(movingDetail(240_000, 60_000, 1, 2).stride, 8);
  assert.equal(movingDetail(9e9, 60_000, 1).stride, 12);
  assert.equal(movingDetail(60_000, 60_000, 2).lineWidth, 0.5);
});

test('late frames make the detail coarser within a gesture, and the next one tries a little finer', () => {
  const governor = new FrameGovernor(20);
  for (let i = 0; i < 10; i++) governor.record(16);
  assert.equal(governor.slowdown, 1);
  governor.record(40);
  assert.equal(governor.slowdown, 1, 'one late frame may be chance');
  governor.record(40);
  const slow = governor.slowdown;
  assert.ok(slow > 1 && slow <= 1.5);
  for (let i = 0; i < 50; i++) governor.record(16);
  assert.equal(governor.slowdown, slow, 'no flicker within a gesture');
  governor.rest();
  assert.ok(governor.slowdown < slow);
  for (let i = 0; i < 100; i++) {
    governor.record(16);
    governor.rest();
  }
  assert.equal(governor.slowdown, 1);
});

const line = (label: string) => ({ runId: label, label, colour: '#000', dash: [] });
const reading = (value: number) => ({ x: 1, value, min: value, max: value });

test('the legend is sorted as the lines lie, with the nearest marked and NaN last', () => {
  const readings = [
    ['a', 1],
    ['b', 3],
    ['c', Number.NaN],
    ['d', 2],
  ].map(([label, value]) => ({ line: line(String(label)), reading: reading(Number(value)) }));
  const legend = legendAt(readings, 1.9, 10);
  assert.deepEqual(
    legend.rows.map((row) => row.line.label),
    ['b', 'd', 'a', 'c'],
  );
  assert.deepEqual(
    legend.rows.filter((row) => row.isNearest).map((row) => row.line.label),
    ['d'],
  );
});

test('of very many runs the legend shows those around the pointer', () => {
  const readings = Array.from({ length: 1000 }, (_, i) => ({ line: line(`r${i}`), reading: reading(i) }));
  const legend = legendAt(readings, 500, 11);
  assert.equal(legend.rows.length, 11);
  assert.equal(legend.rows[5]!.line.label, 'r500');
  assert.ok(legend.rows[5]!.isNearest);
  assert.equal(legend.above + legend.below + legend.rows.length, 1000);
  assert.deepEqual(legendAt(readings, 2000, 11).rows[0]!.line.label, 'r999');
});
