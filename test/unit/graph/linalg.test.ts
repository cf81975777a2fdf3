import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { gradientTest } from './gradientCheck.ts';

const products: readonly (readonly [ops.Shape, ops.Shape])[] = [
  [
    [2, 3],
    [3, 4],
  ],
  [
    [1, 3],
    [3, 1],
  ],
  [
    [2, 2, 3],
    [3, 2],
  ],
  [
    [2, 1, 2, 3],
    [3, 2],
  ],
  [
    [2, 3],
    [2, 3, 2],
  ],
  [
    [2, 2, 3],
    [2, 3, 2],
  ],
  [
    [2, 1, 2, 3],
    [3, 3, 2],
  ],
  [
    [1, 2, 2],
    [3, 2, 2],
  ],
];
for (const shapes of products) {
  gradientTest(`derivatives of matmul for ${JSON.stringify(shapes)}`, {
    shapes,
    build: ([a, b]) => ops.matmul(a!, b!),
  });
}
gradientTest('derivatives of a product with transposed operands', {
  shapes: [
    [3, 2],
    [4, 3],
  ],
  build: ([a, b]) => ops.matmul(ops.swapLast(a!), ops.swapLast(b!)),
});
gradientTest('derivatives of a value times itself transposed', {
  shapes: [[2, 3]],
  build: ([a]) => ops.matmul(a!, ops.swapLast(a!)),
});

test('shapes that cannot be multiplied are refused in words', () => {
  const graph = new ops.Graph();
  const a = graph.input('a', [2, 3]);
  assert.throws(() => ops.matmul(a, graph.input('b', [2, 3])), /cannot multiply \[2, 3\] by \[2, 3\]/);
  assert.throws(() => ops.matmul(a, graph.input('v', [3])), { hint: /unsqueeze/ });
  assert.throws(() => ops.matmul(a, graph.input('i', [3, 2], 'int64')), { code: 'bad-argument' });
});
