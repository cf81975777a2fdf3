import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeModel, encodeModel, Graph, reduceSum, relu } from '../../../src/graph/index.ts';
import { loadModel } from './runtime.ts';

const summed = { columnSums: true };

/** A sum over the first `count` axes. */
function model(shape: readonly number[], count: number, keepDims: boolean, form: { readonly columnSums?: boolean }) {
  const graph = new Graph();
  const axes = Array.from({ length: count }, (_, i) => i);
  return encodeModel(graph, { y: reduceSum(relu(graph.input('x', shape)), axes, keepDims) }, form);
}

function operators(bytes: Uint8Array): readonly string[] {
  return decodeModel(bytes).graph.nodes.map(({ type }) => type);
}

test('sums over leading axes are the same as products, whatever the sizes', async () => {
  const sizes = fc.array(fc.integer({ min: 9, max: 40 }), { minLength: 3, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 4 }), fc.boolean(), async (shape, axes, keepDims) => {
      const count = Math.min(axes, shape.length - 1);
      const size = shape.reduce((product, each) => product * each, 1);
      const x = { shape, values: Array.from({ length: size }, (_, i) => Math.sin(7 * i)) };
      const [plain, product] = await Promise.all(
        [{}, summed].map(async (form) => (await loadModel(model(shape, count, keepDims, form))).run({ x })),
      );
      assert.deepEqual(product!['y']!.shape, plain!['y']!.shape);
      for (const [i, value] of plain!['y']!.values.entries()) {
        assert.ok(Math.abs(product!['y']!.values[i]! - value) <= 1e-6 * size, `${i}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('only sums over leading axes of enough numbers become products, and their constants are made once', () => {
  assert.deepEqual(operators(model([4, 64, 64], 2, false, summed)), ['Relu', 'Reshape', 'MatMul', 'Reshape']);
  assert.deepEqual(operators(model([256, 64], 1, true, summed)), ['Relu', 'MatMul']);
  assert.deepEqual(operators(model([8, 4096], 1, false, summed)), ['Relu', 'ReduceSum']);
  assert.deepEqual(operators(model([4096, 8], 1, false, summed)), ['Relu', 'ReduceSum']);
  assert.deepEqual(operators(model([200, 64], 1, true, summed)), ['Relu', 'ReduceSum']);
  assert.deepEqual(operators(model([256, 64], 1, false, {})), ['Relu', 'ReduceSum']);
  const graph = new Graph();
  const x = graph.input('x', [256, 64]);
  const last = encodeModel(graph, { y: reduceSum(x, [1], false), z: reduceSum(x, [0, 1], false) }, summed);
  assert.deepEqual(operators(last), ['ReduceSum', 'ReduceSum']);
  const both = { y: reduceSum(x, [0], false), z: reduceSum(relu(x), [0], false) };
  const names = decodeModel(encodeModel(graph, both, summed)).graph.initializers.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => /^%(ones|sizes)/.test(name)),
    ['%ones 256', '%sizes 64'],
  );
});
