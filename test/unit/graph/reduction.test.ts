import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { gradientTest } from './gradientCheck.ts';
import { evaluate } from './runtime.ts';

const reductions = {
  reduceSum: ops.reduceSum,
  reduceMean: ops.reduceMean,
  reduceMax: ops.reduceMax,
  reduceMin: ops.reduceMin,
};
const axesOf: readonly (readonly [ops.Shape, readonly number[] | undefined, boolean])[] = [
  [[2, 3, 2], undefined, false],
  [[2, 3, 2], [1], true],
  [[2, 3, 2], [-1], false],
  [[2, 3, 2], [2, 0], true],
  [[2, 3, 2], [0, 1], false],
  [[1, 3], [0], false],
  [[3], [], true],
];
for (const [name, reduce] of Object.entries(reductions)) {
  for (const [shape, axes, keepDims] of axesOf) {
    gradientTest(`derivatives of ${name} of [${shape}] over ${axes} ${keepDims ? 'kept' : 'dropped'}`, {
      shapes: [shape],
      build: ([x]) => reduce(x!, axes, keepDims),
    });
  }
}
for (const axis of [-1, 0, 1]) {
  gradientTest(`derivatives of softmax along ${axis}`, { shapes: [[2, 3, 2]], build: ([x]) => ops.softmax(x!, axis) });
  gradientTest(`derivatives of logSoftmax along ${axis}`, {
    shapes: [[2, 3, 2]],
    build: ([x]) => ops.logSoftmax(x!, axis),
  });
}

test('equal largest entries share the gradient', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2, 3]);
  const loss = ops.reduceSum(ops.reduceMax(x, [1]), undefined, false);
  const results = await evaluate(
    { g: ops.grad(loss, [x])[0]!, index: ops.argMax(x, 1) },
    { x: { shape: [2, 3], values: [1, 4, 4, 5, 2, 3] } },
  );
  assert.deepEqual([...results['g']!.values], [0, 0.5, 0.5, 1, 0, 0]);
  assert.deepEqual([...results['index']!.values], [1, 0]);
});

test('a sum over no axes is the value itself, and softmax does not overflow', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [3]);
  assert.equal(ops.reduceSum(x, []), x);
  const { y } = await evaluate({ y: ops.logSoftmax(x) }, { x: { shape: [3], values: [1000, 0, 1000] } });
  assert.ok(Math.abs(y!.values[0]! + Math.log(2)) < 1e-6);
  assert.ok(Math.abs(y!.values[1]! + 1000 + Math.log(2)) < 1e-3);
  assert.throws(() => ops.reduceSum(x, [1]), /no axis 1/);
  assert.throws(() => ops.reduceSum(x, [0, -1]), /one axis twice/);
});
