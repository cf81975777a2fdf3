import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ops from '../../../src/graph/index.ts';
import { evaluate, loadModel } from './runtime.ts';

const STEPS = 4;

/** y ← tanh(y·w + x + z) per step, where z was computed outside; every step gives the sum of y and the noise of its counter. */
function recurrence(): ops.ScanBody {
  const graph = new ops.Graph();
  const [y, x, w, z] = [
    graph.input('y', [2, 3]),
    graph.input('x', [2, 3]),
    graph.input('w', [3, 3]),
    graph.input('z', [1, 3]),
  ];
  const counter = graph.input('counter', [], 'int64');
  const next = ops.tanh(ops.add(ops.add(ops.matmul(y, w), x), z));
  const perStep = [ops.reduceSum(next, undefined, false), ops.randomNormal(counter, [2], 0)];
  return { graph, steps: STEPS, state: [{ input: y, next }], sequence: [x, counter], constants: [w, z], perStep };
}

/** The recurrence inside of a larger graph: what it sees is computed there, and what it gives is used there. */
function outside() {
  const graph = new ops.Graph();
  const [xs, w] = [graph.input('xs', [STEPS, 2, 3]), graph.input('w', [3, 3])];
  const counters = ops.range(graph, STEPS, { start: 5 });
  const sin = ops.sin(w);
  const z = ops.reduceMean(sin, [0]);
  const { state, perStep } = ops.scanOver(recurrence(), {
    state: [ops.expand(graph.scalar(0.5), [2, 3])],
    sequence: [xs, counters],
    constants: [sin, z],
  });
  return { graph, y: ops.mul(state[0]!, 2), sums: perStep[0]!, noise: perStep[1]! };
}

const feeds = {
  xs: { shape: [STEPS, 2, 3], values: Array.from({ length: STEPS * 6 }, (_, i) => Math.sin(i)) },
  w: { shape: [3, 3], values: Array.from({ length: 9 }, (_, i) => Math.cos(3 * i)) },
};

test('a scan inside of a graph gives what its steps give one after another', async () => {
  const { y, sums, noise } = outside();
  const scanned = await evaluate({ y, sums, noise }, feeds);
  const graph = new ops.Graph();
  const [xs, w] = [graph.input('xs', [STEPS, 2, 3]), ops.sin(graph.input('w', [3, 3]))];
  const z = ops.reduceMean(w, [0]);
  let state: ops.Value = ops.expand(graph.scalar(0.5), [2, 3]);
  const expected: Record<string, ops.Value> = {};
  for (let step = 0; step < STEPS; step++) {
    const x = ops.reshape(ops.narrow(xs, 0, step, 1), [2, 3]);
    state = ops.tanh(ops.add(ops.add(ops.matmul(state, w), x), z));
    expected[`sum${step}`] = ops.reduceSum(state, undefined, false);
    expected[`noise${step}`] = ops.randomNormal(ops.narrow(ops.range(graph, STEPS, { start: 5 }), 0, step, 1), [2], 0);
  }
  const unrolled = await evaluate({ y: ops.mul(state, 2), ...expected }, feeds);
  for (const [i, value] of unrolled['y']!.values.entries())
    assert.ok(Math.abs(scanned['y']!.values[i]! - value) < 1e-6);
  for (let step = 0; step < STEPS; step++) {
    assert.ok(Math.abs(scanned['sums']!.values[step]! - unrolled[`sum${step}`]!.values[0]!) < 1e-5);
    assert.deepEqual(scanned['noise']!.values.slice(2 * step, 2 * step + 2), unrolled[`noise${step}`]!.values);
  }
});

test('scans in scans keep their names apart', async () => {
  const inner = outside();
  const w = inner.graph.inputs.find((input) => ops.inputName(input) === 'w')!;
  const total = inner.graph.input('total', [2, 3]);
  const bytes = ops.scanModel(
    {
      graph: inner.graph,
      state: [{ name: 'total', input: total, next: ops.add(total, inner.y) }],
      sequence: [{ name: 'xs', input: inner.graph.inputs[0]! }],
      constants: [{ name: 'w', input: w }],
      perStep: { sums: inner.sums },
    },
    2,
  );
  const model = await loadModel(bytes);
  const single = await evaluate({ y: inner.y, sums: inner.sums }, feeds);
  const twice = await model.run({
    ...feeds,
    xs: { shape: [2, STEPS, 2, 3], values: [...feeds.xs.values, ...feeds.xs.values] },
    total: { shape: [2, 3], values: [0, 0, 0, 0, 0, 0] },
  });
  assert.deepEqual(
    twice['total_next']!.values,
    single['y']!.values.map((value) => 2 * value),
  );
  assert.deepEqual([...twice['sums']!.values], [...single['sums']!.values, ...single['sums']!.values]);
});

test('a scan whose values do not fit its body is refused', () => {
  const graph = new ops.Graph();
  const x = graph.input('x', [STEPS, 2, 3]);
  const body = recurrence();
  const state = [ops.expand(graph.scalar(0), [2, 3])];
  const constants = [ops.expand(graph.scalar(0), [3, 3]), ops.expand(graph.scalar(0), [1, 3])];
  const counters = ops.range(graph, STEPS);
  const good = { state, sequence: [x, counters], constants };
  assert.equal(ops.scanOver(body, good).perStep[0]!.shape[0], STEPS);
  const bad: readonly (readonly [Partial<ops.ScanInputs>, RegExp])[] = [
    [{ state: [x] }, /State 0 of a scan/],
    [{ sequence: [x] }, /Sequence 1 of a scan must hold 4 values/],
    [{ sequence: [ops.narrow(x, 0, 0, 2), counters] }, /Sequence 0 of a scan/],
    [{ constants: [constants[1]!, constants[1]!] }, /Constant 0 of a scan/],
  ];
  for (const [changed, says] of bad) assert.throws(() => ops.scanOver(body, { ...good, ...changed }), says);
});
