import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { loadModel } from './runtime.ts';

/** Encodes what `make` gives for an input x [batch, 2, 3]. */
function encode(make: (x: ops.Value, batch: number) => ops.Value): Uint8Array {
  return ops.encodeBatchModel((batch) => {
    const graph = new ops.Graph();
    const x = graph.input('x', [batch, 2, 3]);
    return { graph, inputs: [x], outputs: { y: make(x, batch) } };
  });
}

test('reshapes and expansions follow the batch, also where both use one shape', async () => {
  const model = encode((x, batch) => {
    const folded = ops.reshape(x, [3 * batch, 2]);
    const first = ops.reshape(ops.narrow(x, 1, 0, 1), [batch, 1, 3]);
    const stretched = ops.expand(first, [batch, 2, 3]);
    return ops.add(ops.reshape(ops.mul(folded, 2), [batch, 2, 3]), stretched);
  });
  const { inputs, outputs } = ops.decodeModel(model).graph;
  assert.deepEqual(
    [inputs[0]!.shape, outputs[0]!.shape],
    [
      ['batch', 2, 3],
      ['batch', 2, 3],
    ],
  );
  const session = await loadModel(model);
  for (const batch of [1, 2, 5]) {
    const values = Array.from({ length: 6 * batch }, (_, i) => i);
    const { y } = await session.run({ x: { shape: [batch, 2, 3], values } });
    assert.deepEqual(y!.shape, [batch, 2, 3]);
    const expected = values.map((value, i) => 2 * value + values[6 * Math.floor(i / 6) + (i % 3)]!);
    assert.deepEqual([...y!.values], expected);
  }
});

test('what depends on the batch in another way is refused', () => {
  const constant = (x: ops.Value, batch: number) =>
    ops.add(x, x.graph.constant(new Float32Array(batch), [batch, 1, 1]));
  assert.throws(() => encode(constant), /cannot be written for any batch size: .* needs numbers that depend on it/);
  const mean = (x: ops.Value, batch: number) => ops.mul(x, 1 / batch);
  assert.throws(() => encode(mean), /needs numbers that depend on it/);
  const twice = (x: ops.Value, batch: number) =>
    ops.reshape(ops.matmul(ops.reshape(x, [batch, 6]), ops.transpose(ops.reshape(x, [batch, 6]), [1, 0])), [
      1,
      batch,
      batch,
    ]);
  assert.throws(() => encode(twice), /two sizes that depend on it/);
  const more = (x: ops.Value, batch: number) => (batch === 9973 ? ops.exp(ops.neg(x)) : ops.neg(x));
  assert.throws(() => encode(more), /different operations/);
});
