import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ort from 'onnxruntime-node';
import { add, decodeModel, Graph, mul, noResult, singleStepModel, writeModel } from '../../../src/graph/index.ts';
import { ModelSession } from '../../../src/trainer/engine/session.ts';

/** y = 2·x and z = x + 1 of four numbers, without results. */
function model(): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', [4]);
  const step = { graph, state: [], sequence: [{ name: 'x', input: x }], perStep: { y: mul(x, 2), z: add(x, 1) } };
  return singleStepModel(step, { hasNoResults: true });
}

test('a model without results writes to the arrays that it is given, and to nothing else', async () => {
  const session = await ModelSession.create(model(), { device: 'cpu', threads: 1 });
  const x = { data: Float32Array.of(1, 2, 3, 4), shape: [4] };
  const places = new Float32Array(12);
  const at = (start: number) => ({ data: places.subarray(start, start + 4), shape: [4] });
  await session.runInto({ x }, { y: at(1), z: at(6) });
  assert.deepEqual([...places], [0, 2, 4, 6, 8, 0, 2, 3, 4, 5, 0, 0]);
  // What really fails is told: a place of another size, an input that is missing.
  await assert.rejects(
    session.runInto({ x }, { y: { data: new Float32Array(3), shape: [3] }, z: at(6) }),
    /dimensions/,
  );
  await assert.rejects(session.runInto({}, { y: at(1), z: at(6) }), /missing/);
  session.dispose();
});

test('the binding copies no output behind the one that it refuses', async () => {
  const session = await ort.InferenceSession.create(model());
  assert.deepEqual(session.outputNames, [noResult, 'y', 'z']);
  const feeds = { x: new ort.Tensor('float32', Float32Array.of(1, 2, 3, 4), [4]) };
  await assert.rejects(session.run(feeds), /non tensor type/i);
  await session.release();
});

test('a sequence at the border of a model is read as it was written', () => {
  const bytes = model();
  const read = decodeModel(bytes);
  assert.deepEqual(read.graph.outputs[0], { name: noResult, dtype: 'float32', shape: [], isSequence: true });
  assert.deepEqual(writeModel(read), bytes);
});
