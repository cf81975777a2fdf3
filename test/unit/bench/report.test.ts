import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compared, limited, median } from '../../bench/report.ts';

const speed = { name: 'step', peerName: 'PyTorch', unit: 'ms', better: 'lower' } as const;

test('a ratio above 1 is better than the peer, whichever way the quantity goes', () => {
  const faster = compared({ ...speed, ours: 2, peer: 3, goal: 1.3 });
  assert.deepEqual([faster.ratio, faster.met, faster.goal], [1.5, true, '≥ 1.3×']);
  const more = compared({ ...speed, unit: 'MB/s', better: 'higher', ours: 2, peer: 3, goal: 1 });
  assert.deepEqual([more.ratio, more.met], [2 / 3, false]);
});

test('without a peer there is no ratio, and no goal is said to be met', () => {
  const row = compared({ ...speed, ours: 2, peer: null, goal: 1.3 });
  assert.deepEqual([row.peer, row.ratio, row.met], [null, null, null]);
  assert.deepEqual(compared({ ...speed, ours: 2, peer: 3 }).met, null);
});

test('limits: below for times, at least for rates', () => {
  const common = { name: 'activation', unit: 'ms' } as const;
  assert.equal(limited({ ...common, ours: 49, better: 'lower', limit: 50 }).met, true);
  assert.equal(limited({ ...common, ours: 50, better: 'lower', limit: 50 }).met, false);
  const rate = limited({ ...common, unit: 'fps', ours: 60, better: 'higher', limit: 60 });
  assert.deepEqual([rate.met, rate.goal, rate.peer], [true, '≥ 60 fps', null]);
});

test('the median of an even number is the mean of both middle ones', () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});
