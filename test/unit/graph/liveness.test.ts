import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add, exp, Graph, grad, matmul, mul, reduceSum, reshape, tanh, transpose } from '../../../src/graph/index.ts';
import { peakBytes, valueBytes } from '../../../src/graph/liveness.ts';

const block = 64 * 64 * 4;

test('memory is taken when a value is made and given back behind its last use', () => {
  const graph = new Graph();
  const x = graph.input('x', [64, 64]);
  // A chain over one place: products need two blocks at a time, what is written in place needs none.
  const chain = tanh(exp(matmul(matmul(matmul(x, x), x), x)));
  assert.equal(peakBytes(graph, [chain]), 2 * block);
  assert.equal(peakBytes(graph, [exp(x)]), block, 'an input is not written over');
  assert.equal(peakBytes(graph, [reshape(matmul(x, x), [4096])]), block, 'another shape is the same memory');
  const first = matmul(x, x);
  const both = add(mul(first, 2), transpose(first, [1, 0]));
  assert.equal(peakBytes(graph, [both, first]), 3 * block, 'an output stays');
  assert.equal(peakBytes(graph, [both, first], [first]), 2 * block, 'what the caller has memory for takes none');
  assert.equal(valueBytes(x), block);
});

test('what a backward pass needs of the forward pass lives until then', () => {
  const depth = 6;
  const graph = new Graph();
  const x = graph.input('x', [64, 64]);
  const weights = Array.from({ length: depth }, (_, i) => graph.input(`w${i}`, [64, 64]));
  const out = weights.reduce((hidden, weight) => tanh(matmul(hidden, weight)), x);
  const loss = reduceSum(out, [0, 1], false);
  const forward = peakBytes(graph, [loss]);
  const whole = peakBytes(graph, [loss, ...grad(loss, weights)]);
  assert.ok(forward <= 3 * block, `${forward / block}`);
  assert.ok(whole >= depth * block && whole <= 3 * depth * block, `${whole / block}`);
});
