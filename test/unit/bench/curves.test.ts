import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareCurves, WINDOW, windowMeans } from '../../bench/curves/noise.ts';
import { curvePage } from '../../bench/curves/page.ts';
import { curvePicture } from '../../bench/curves/picture.ts';
import type { CurveRecord } from '../../bench/curves/record.ts';

test('losses are averaged over windows, the last of which may be short', () => {
  const losses = Array.from({ length: WINDOW + 10 }, (_, i) => (i < WINDOW ? 2 * (i % 2) : 7));
  assert.deepEqual(windowMeans(losses), [1, 7]);
});

test('a curve among the others is no further from them than they are, and one beside them is', () => {
  const curve = (shift: number) => [4, 3, 2, 1].map((value, at) => value + shift * (at % 2 === 0 ? 1 : -1));
  const theirs = [-0.1, 0, 0.1].map(curve);
  const among = compareCurves(curve(0.02), theirs);
  assert.ok(among.ours < Math.min(...among.theirs.filter((each) => each > 0.1)));
  assert.equal(among.inside, 1);
  const beside = compareCurves(
    curve(0).map((value) => value + 0.5),
    theirs,
  );
  assert.ok(Math.abs(beside.ours - 0.5) < 1e-12 && beside.ours > Math.max(...beside.theirs));
  assert.equal(beside.inside, 0);
});

test('the page and the picture show what was measured', () => {
  const theirs = [
    [3, 2, 1],
    [3.1, 2.1, 1.1],
  ];
  const ours = [3.05, 2.05, 1.05];
  const record: CurveRecord = {
    title: 'A network <small>',
    torch: '9.9',
    processor: 'some processor',
    seconds: { ours: 1, torch: 2 },
    ours: { float32: ours, bfloat16: [3, 2, 1.5] },
    peers: theirs.map((means, perturb) => ({ run: { threads: 1, perturb }, means })),
    comparison: compareCurves(ours, theirs),
    first: { ours: [1, 2], torch: [1, 2.002] },
  };
  const page = curvePage({ unet: record });
  assert.match(page, /within noise/);
  assert.match(page, /at most 1.0e-3 apart/);
  assert.match(page, /PyTorch 9\.9, some processor/);
  const picture = curvePicture(record);
  assert.match(picture, /A network &lt;small>/);
  assert.equal(picture.match(/<polyline/g)!.length, 5);
  assert.equal(picture.includes('NaN'), false);
});
