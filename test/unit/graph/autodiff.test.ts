import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { opTable } from '../../../src/graph/ops/table.ts';
import { evaluate } from './runtime.ts';

const sumAll = (x: ops.Value) => ops.reduceSum(x, undefined, false);

test('stopGradient is a constant for both modes and leaves no node', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [3]);
  const y = ops.mul(x, ops.stopGradient(ops.mul(x, 2)));
  const [g] = ops.grad(sumAll(y), [x]);
  const [tangent] = ops.jvp([y], new Map([[x, graph.constant([1, 1, 1], [3])]]));
  const none = ops.jvp([ops.stopGradient(x)], new Map([[x, x]]));
  const feeds = { x: { shape: [3], values: [1, 2, 3] } };
  const results = await evaluate({ g: g!, tangent: tangent! }, feeds);
  assert.deepEqual([...results['g']!.values], [2, 4, 6]);
  assert.deepEqual([...results['tangent']!.values], [2, 4, 6]);
  assert.deepEqual(none, [null]);
  const nodes = ops.decodeModel(ops.encodeModel(graph, { y, stopped: ops.stopGradient(x) })).graph.nodes;
  assert.deepEqual(nodes.map((node) => node.type).sort(), ['Identity', 'Mul', 'Mul']);
});

test('gradients along computed values, also where one depends on the other', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', []);
  const a = ops.mul(x, x);
  const b = ops.sin(a);
  const loss = ops.add(ops.mul(a, b), b);
  const [gx, ga, gb] = ops.grad(loss, [x, a, b]);
  const results = await evaluate({ gx: gx!, ga: ga!, gb: gb! }, { x: { shape: [], values: [0.7] } });
  const at = 0.49;
  const alongA = Math.sin(at) + (at + 1) * Math.cos(at);
  assert.ok(Math.abs(results['gb']!.values[0]! - (at + 1)) < 1e-6);
  assert.ok(Math.abs(results['ga']!.values[0]! - alongA) < 1e-6);
  assert.ok(Math.abs(results['gx']!.values[0]! - alongA * 1.4) < 1e-6);
});

test('a broadcast value stays in the graph, so that its gradient can be asked for later', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [1]);
  const stretched = ops.expand(x, [3]);
  const w = graph.constant([1, 2, 3], [3]);
  const loss = sumAll(ops.mul(ops.mul(stretched, w), stretched));
  const [alongStretched] = ops.grad(loss, [stretched]);
  // The first gradient is a broadcast value of its own making; it must be possible to go on from it.
  const [first] = ops.grad(sumAll(ops.expand(ops.mul(x, x), [3])), [x]);
  const [second] = ops.grad(sumAll(ops.mul(ops.expand(first!, [3]), w)), [first!]);
  const results = await evaluate({ a: alongStretched!, s: second! }, { x: { shape: [1], values: [2] } });
  assert.deepEqual([...results['a']!.values], [4, 8, 12]);
  assert.deepEqual([...results['s']!.values], [6]);
});

test('a constant operand can be seeded, even where it changes nothing', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2]);
  const one = graph.constant([1, 1], [2]);
  const [tangent] = ops.jvp([ops.mul(x, one)], new Map([[one, x]]));
  assert.ok(tangent);
});

test('third derivatives', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [], 'float64');
  let y = ops.sin(ops.mul(x, x));
  for (let order = 0; order < 3; order++) y = ops.grad(y, [x])[0]!;
  const { out } = await evaluate({ out: y }, { x: { shape: [], values: [0.6] } });
  const v = 0.6;
  const expected = -12 * v * Math.sin(v * v) - 8 * v ** 3 * Math.cos(v * v);
  assert.ok(Math.abs(out!.values[0]! - expected) < 1e-12);
});

test('forward over reverse gives a Hessian times a vector', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2], 'float64');
  const [a, b] = ops.split(x, [1, 1], 0);
  const loss = sumAll(ops.mul(ops.mul(a!, a!), ops.exp(b!)));
  const [g] = ops.grad(loss, [x]);
  const [hv] = ops.jvp([g!], new Map([[x, graph.constant([1, 2], [2], 'float64')]]));
  const { out } = await evaluate({ out: hv! }, { x: { shape: [2], values: [3, 0.5] } });
  const e = Math.exp(0.5);
  const expected = [2 * e + 2 * 6 * e, 6 * e + 2 * 9 * e];
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - out!.values[i]!) < 1e-12);
});

test('what a loss does not depend on has zero gradient and null tangent', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2]);
  const y = graph.input('y', [2, 2]);
  const [g] = ops.grad(sumAll(x), [y]);
  assert.deepEqual(ops.jvp([x, ops.greater(y, 0)], new Map([[y, y]])), [null, null]);
  const { out } = await evaluate({ out: g! });
  assert.deepEqual([...out!.values], [0, 0, 0, 0]);
  const [through] = ops.grad(sumAll(ops.mul(ops.floor(x), x)), [x]);
  const results = await evaluate({ through: through! }, { x: { shape: [2], values: [1.5, -0.5] } });
  assert.deepEqual([...results['through']!.values], [1, -1]);
});

test('a seed in the middle replaces what would arrive there', async () => {
  const graph = new ops.Graph();
  const x = graph.input('x', []);
  const y = ops.mul(x, x);
  const [tangent] = ops.jvp(
    [ops.mul(y, 3)],
    new Map([
      [x, graph.scalar(100)],
      [y, graph.scalar(1)],
    ]),
  );
  const { out } = await evaluate({ out: tangent! }, { x: { shape: [], values: [5] } });
  assert.equal(out!.values[0], 3);
});

test('what cannot be differentiated is refused in words', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [2]);
  const i = graph.input('i', [2], 'int64');
  assert.throws(() => ops.grad(x, [x]), /one element/);
  assert.throws(() => ops.grad(sumAll(x), [i]), /int64/);
  assert.throws(() => ops.jvp([x], new Map([[x, graph.scalar(1)]])), /tangent for \[2\]/);
});

test('an operation without a rule is refused by name', () => {
  const table = opTable as unknown as Record<string, { vjp: unknown; jvp: unknown }>;
  const graph = new ops.Graph();
  const x = graph.input('x', [2]);
  const saved = { ...table['Sin']! };
  try {
    Object.assign(table['Sin']!, { vjp: 'none', jvp: 'none' });
    assert.throws(() => ops.grad(sumAll(ops.sin(x)), [x]), {
      code: 'bad-argument',
      message: /^Sin has no derivative in reverse/,
    });
    assert.throws(() => ops.jvp([ops.sin(x)], new Map([[x, x]])), { code: 'bad-argument', message: /^Sin .* forward/ });
    assert.doesNotThrow(() => ops.grad(sumAll(ops.mul(x, ops.stopGradient(ops.sin(x)))), [x]));
  } finally {
    Object.assign(table['Sin']!, saved);
  }
});

test('equal applications are one node, and a chain of ten thousand nodes is no problem', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', []);
  assert.equal(ops.mul(x, 3), ops.mul(x, 3));
  assert.notEqual(ops.mul(x, 3), ops.mul(x, -3));
  assert.notEqual(graph.scalar(0), graph.scalar(-0));
  const v = graph.input('v', [2]);
  const borders = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0, -0];
  assert.equal(new Set(borders.map((border) => ops.pad(v, [1], [0], border))).size, borders.length);
  assert.throws(() => ops.add(graph.input('i', [], 'int64'), 0.5), /0.5 is not a number of type int64/);
  let y = x;
  for (let k = 0; k < 10_000; k++) y = ops.sin(y);
  assert.equal(ops.grad(y, [x]).length, 1);
});
