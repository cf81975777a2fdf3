import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { evaluate } from './runtime.ts';

function packOf() {
  const graph = new ops.Graph();
  const pack = new ops.ParameterPack(graph, 'flat');
  const w = pack.declare('w', [2, 3], { kind: 'values', values: [1, 2, 3, 4, 5, 6] });
  const s = pack.declare('s', [], { kind: 'constant', value: 7 });
  const b = pack.declare('b', [2], { kind: 'ones' });
  return { graph, pack, w, s, b };
}

test('views are the parts of the flat vector that the layout tells', async () => {
  const { pack, w, s, b } = packOf();
  assert.deepEqual(pack.layout, [
    { name: 'w', shape: [2, 3], offset: 0, size: 6 },
    { name: 's', shape: [], offset: 6, size: 1 },
    { name: 'b', shape: [2], offset: 7, size: 2 },
  ]);
  assert.equal(pack.size, 9);
  assert.deepEqual([...pack.initialValues(0)], [1, 2, 3, 4, 5, 6, 7, 1, 1]);
  assert.deepEqual(pack.flat.shape, [9]);
  assert.equal(pack.get('s'), s);
  const outputs = { w: ops.mul(w, 1.5), s: ops.neg(s), b: ops.exp(b) };
  const results = await evaluate(outputs, { flat: { shape: [9], values: [1, 2, 3, 4, 5, 6, 7, 0, 0] } });
  assert.deepEqual([...results['w']!.values], [1.5, 3, 4.5, 6, 7.5, 9]);
  assert.deepEqual([...results['s']!.values], [-7]);
  assert.deepEqual([...results['b']!.values], [1, 1]);
});

test('the flat gradient is the same along the views and along the flat vector', async () => {
  const { pack, w, s } = packOf();
  const loss = ops.reduceSum(ops.mul(ops.mul(w, w), s), undefined, false);
  const outputs = { views: pack.gradient(loss), along: ops.grad(loss, [pack.flat])[0]! };
  const results = await evaluate(outputs, { flat: { shape: [9], values: [1, 2, 3, 4, 5, 6, 2, 0, 0] } });
  const expected = [4, 8, 12, 16, 20, 24, 91, 0, 0];
  assert.deepEqual([...results['views']!.values], expected);
  assert.deepEqual([...results['along']!.values], expected);
});

test('a pack of one parameter costs no operation, and its gradient is that of its vector', async () => {
  const graph = new ops.Graph();
  const pack = new ops.ParameterPack(graph, 'flat');
  const w = pack.declare('w', [3], { kind: 'zeros' });
  const loss = ops.reduceSum(ops.mul(pack.flat, w), undefined, false);
  const outputs = { loss, gradient: pack.gradient(loss) };
  const { nodes } = ops.decodeModel(ops.encodeModel(graph, outputs)).graph;
  assert.ok(nodes.every(({ type }) => type !== 'Split' && type !== 'Concat'));
  const results = await evaluate(outputs, { flat: { shape: [3], values: [1, 2, 3] } });
  assert.deepEqual([...results['loss']!.values], [14]);
});

test('starting values depend on the seed alone and have the spread asked for', () => {
  const pack = new ops.ParameterPack(new ops.Graph(), 'flat');
  pack.declare('n', [100, 100], { kind: 'normal', std: 0.5 });
  pack.declare('u', [100, 100], { kind: 'uniform', limit: 2 });
  const [first, again, other] = [pack.initialValues(1), pack.initialValues(1), pack.initialValues(2)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
  const [n, u] = [first.subarray(0, 10_000), first.subarray(10_000)];
  const spread = (part: Float32Array) => Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / part.length);
  assert.ok(Math.abs(spread(n) - 0.5) < 0.02);
  assert.ok(Math.abs(spread(u) - 2 / Math.sqrt(3)) < 0.03);
  assert.ok(u.every((value) => Math.abs(value) <= 2));
});

test('wrong uses are refused in words', () => {
  const { graph, pack, w } = packOf();
  assert.throws(() => pack.declare('w', [1], { kind: 'zeros' }), /two parameters named "w"/);
  assert.throws(() => pack.declare('v', [2], { kind: 'values', values: [1] }), /2 starting values/);
  assert.throws(() => pack.get('nothing'), /no parameter named/);
  assert.throws(() => ops.encodeModel(graph, { y: ops.neg(w) }), { hint: /pack.flat/ });
  assert.ok(pack.flat);
  assert.throws(() => pack.declare('late', [1], { kind: 'zeros' }), /too late/);
  assert.throws(() => new ops.ParameterPack(new ops.Graph(), 'p').flat, /empty/);
});
