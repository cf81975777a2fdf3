import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropout } from '../../../src/nn/dropout.ts';
import { batchNorm, fixedBatchNorm } from '../../../src/nn/normalization.ts';
import { assertClose } from '../graph/gradientCheck.ts';
import { normals, runNetwork } from './networkRun.ts';

test('dropout keeps the mean, and drops the same at the same step', async () => {
  const shape = [50, 40];
  const build = (stream: number) => (_: unknown, graph: Parameters<Parameters<typeof runNetwork>[0]>[1]) => {
    const x = graph.input('x', shape);
    const counter = graph.input('counter', [], 'int64');
    return { y: dropout(x, 0.25, { counter, stream }), same: dropout(x, 0, { counter, stream }) };
  };
  const x = { shape, values: new Float64Array(2000).fill(3) };
  const at = async (step: number, stream = 0) => {
    const { outputs } = await runNetwork(build(stream), { x, counter: { shape: [], values: [step] } });
    assert.deepEqual([...outputs['same']!.values], [...x.values]);
    return [...outputs['y']!.values];
  };
  const first = await at(7);
  assert.deepEqual([...new Set(first)].toSorted(), [0, 4]);
  const dropped = first.filter((value) => value === 0).length / first.length;
  assert.ok(Math.abs(dropped - 0.25) < 0.04, `a share of ${dropped} was dropped`);
  assert.deepEqual(await at(7), first);
  assert.notDeepEqual(await at(8), first);
  assert.notDeepEqual(await at(7, 1), first);
});

test('a batch norm with the statistics of its batch gives what it gave, but for the divisor of the variance', async () => {
  const shape = [6, 3, 4];
  const { outputs } = await runNetwork(
    (scope, graph) => {
      const x = graph.input('x', shape);
      const { y, statistics } = scope.within('norm', (inner) => batchNorm(inner, x));
      const fixed = scope.within('norm', (inner) => fixedBatchNorm(inner, x, statistics));
      return { y, fixed, mean: statistics.mean, variance: statistics.variance };
    },
    { x: { shape, values: normals(72, 4).map((value) => 2 + 3 * value) } },
    { disturb: 0.3 },
  );
  // 24 entries per channel: the fixed one divides by √(24/23) more, apart from the bias that both add.
  const [y, fixed] = [outputs['y']!.values, outputs['fixed']!.values];
  for (let channel = 0; channel < 3; channel++) {
    const entries = [...y.keys()].filter((at) => Math.floor(at / 4) % 3 === channel);
    const bias = entries.reduce((sum, at) => sum + y[at]!, 0) / entries.length;
    const scaled = entries.map((at) => (y[at]! - bias) * Math.sqrt(23 / 24));
    assertClose(
      'fixed',
      entries.map((at) => fixed[at]! - bias),
      scaled,
      1e-5,
    );
  }
  assert.deepEqual([outputs['mean']!.shape, outputs['variance']!.shape], [[3], [3]]);
});
