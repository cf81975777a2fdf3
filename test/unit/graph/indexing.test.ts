import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { gradientTest } from './gradientCheck.ts';
import { evaluate } from './runtime.ts';

const int64 = (graph: ops.Graph, values: readonly number[], shape: ops.Shape = [values.length]) =>
  graph.constant(values, shape, 'int64');

for (const axis of [0, 1, -1]) {
  gradientTest(`derivatives of gather along ${axis}`, {
    shapes: [[3, 4, 3]],
    build: ([x], graph) => ops.gather(x!, int64(graph, [1, 2, 1, 0]), axis),
  });
}
gradientTest('derivatives of gather by a table of indices', {
  shapes: [[4, 2]],
  build: ([x], graph) => ops.gather(x!, int64(graph, [3, 0, -1, 3, 1, 1], [2, 3])),
});
gradientTest('derivatives of gather by int32 indices', {
  shapes: [[4, 2]],
  build: ([x], graph) => ops.gather(x!, graph.constant([1, 1, 3], [3], 'int32')),
});
gradientTest('derivatives of gather by one index', {
  shapes: [[4, 2]],
  build: ([x], graph) => ops.gather(x!, int64(graph, [2], []), 1 - 1),
});
for (const axis of [0, 1]) {
  gradientTest(`derivatives of gatherElements along ${axis}`, {
    shapes: [[3, 2]],
    build: ([x], graph) => ops.gatherElements(x!, int64(graph, [0, 1, 1, 1], [2, 2]), axis),
  });
  gradientTest(`derivatives of scatterElementsAdd along ${axis}`, {
    shapes: [
      [3, 2],
      [2, 2],
    ],
    build: ([data, updates], graph) =>
      ops.scatterElementsAdd(data!, int64(graph, [0, 1, 0, 1], [2, 2]), updates!, axis),
  });
}
gradientTest('derivatives of scatterNdAdd', {
  shapes: [
    [4, 2],
    [3, 2],
  ],
  build: ([data, updates], graph) => ops.scatterNdAdd(data!, int64(graph, [1, 3, 1], [3, 1]), updates!),
});
gradientTest('derivatives of scatterNdAdd into two axes', {
  shapes: [
    [2, 3, 2],
    [3, 2],
  ],
  build: ([data, updates], graph) => ops.scatterNdAdd(data!, int64(graph, [0, 1, 1, 2, 0, 1], [3, 2]), updates!),
});

test('equal indices add up, and one-hot vectors and ranges hold what they say', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [3]);
  const loss = ops.reduceSum(ops.gather(x, int64(graph, [2, 2, 0])), undefined, false);
  const results = await evaluate(
    {
      g: ops.grad(loss, [x])[0]!,
      hot: ops.oneHot(int64(graph, [2, 0, 5], [3]), 3),
      range: ops.range(graph, 4, { start: 3, step: -2 }),
      floats: ops.range(graph, 3, { start: 0.5, dtype: 'float32' }),
    },
    { x: { shape: [3], values: [1, 2, 3] } },
  );
  assert.deepEqual([...results['g']!.values], [1, 0, 2]);
  assert.deepEqual([...results['hot']!.values], [0, 0, 1, 1, 0, 0, 0, 0, 0]);
  assert.deepEqual([...results['range']!.values], [3, 1, -1, -3]);
  assert.deepEqual([...results['floats']!.values], [0.5, 1.5, 2.5]);
});

test('indices and updates that do not fit are refused in words', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [3, 2]);
  assert.throws(() => ops.gather(x, x), /int64 or int32 indices/);
  assert.throws(
    () => ops.scatterNdAdd(x, int64(graph, [0], [1, 1]), graph.input('u', [2, 2])),
    /updates of shape \[1, 2\]/,
  );
  assert.throws(() => ops.scatterNdAdd(x, int64(graph, [0]), x), /\[k, r\]/);
});
