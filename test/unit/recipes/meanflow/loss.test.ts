import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add, Graph, grad, mul, reshape, type Value } from '../../../../src/graph/index.ts';
import {
  adaptiveLoss,
  instantErrors,
  intervalErrors,
  type MeanVelocity,
} from '../../../../src/recipes/meanflow/loss.ts';
import { drawTimePairs, drawTimes } from '../../../../src/recipes/meanflow/times.ts';
import { assertClose } from '../../graph/gradientCheck.ts';
import { evaluate } from '../../graph/runtime.ts';

const data = [1, -2, 0.5, 3];
const noise = [0.25, 1, -1, 2];
const r = [0.1, 0.3];
const t = [0.5, 0.8];

/** u = a·z·t + b·r, whose derivative along (v, 0, 1) is a·(v·t + z). */
function bilinear(a: Value, b: number): MeanVelocity {
  return ({ state, r, t }) => add(mul(mul(state, a), reshape(t, [2, 1])), mul(reshape(r, [2, 1]), b));
}

function examples(graph: Graph, start = r) {
  return {
    data: graph.constant(data, [2, 2]),
    noise: graph.constant(noise, [2, 2]),
    labels: graph.constant([0, 1], [2], 'int64'),
    r: graph.constant(start, [2, 1]),
    t: graph.constant(t, [2, 1]),
  };
}

test('the error with r < t is that of the MeanFlow identity, by hand', async () => {
  const graph = new Graph();
  const [a, b] = [0.7, -0.4];
  const { squaredError, slope } = intervalErrors(bilinear(graph.scalar(a), b), examples(graph));
  const results = await evaluate({ squaredError, slope: slope! });
  const byHand = [0, 1].map((row) => {
    const terms = [0, 1].map((column) => {
      const [x, e] = [data[2 * row + column]!, noise[2 * row + column]!];
      const z = (1 - t[row]!) * x + t[row]! * e;
      const v = e - x;
      const u = a * z * t[row]! + b * r[row]!;
      const change = a * (v * t[row]! + z);
      return { error: (u - (v - (t[row]! - r[row]!) * change)) ** 2, change: change ** 2 };
    });
    const mean = (key: 'error' | 'change') => (terms[0]![key] + terms[1]![key]) / 2;
    return { error: mean('error'), change: Math.sqrt(mean('change')) };
  });
  assertClose(
    'errors',
    results['squaredError']!.values,
    byHand.map(({ error }) => error),
    1e-6,
  );
  assertClose(
    'size of du/dt',
    results['slope']!.values,
    byHand.map(({ change }) => change),
    1e-6,
  );
});

test('the target carries no gradient', async () => {
  const graph = new Graph();
  const [at, b] = [0.7, -0.4];
  const a = graph.input('a', []);
  const { squaredError } = intervalErrors(bilinear(a, b), examples(graph));
  const loss = adaptiveLoss(squaredError, 1, 0);
  const { slope } = await evaluate({ slope: grad(loss, [a])[0]! }, { a: { shape: [], values: [at] } });
  let byHand = 0;
  for (let i = 0; i < 4; i++) {
    const row = i >> 1;
    const [x, e] = [data[i]!, noise[i]!];
    const z = (1 - t[row]!) * x + t[row]! * e;
    const target = e - x - (t[row]! - r[row]!) * at * ((e - x) * t[row]! + z);
    byHand += (2 * (at * z * t[row]! + b * r[row]! - target) * z * t[row]!) / 4;
  }
  assertClose('gradient of the plain mean', slope!.values, [byHand], 1e-6);
});

test('with r = t the target is the velocity, and both forms agree', async () => {
  const graph = new Graph();
  const velocity = bilinear(graph.scalar(0.7), -0.4);
  const instant = instantErrors(velocity, examples(graph, t));
  const interval = intervalErrors(velocity, examples(graph, t));
  assert.equal(instant.slope, undefined);
  const results = await evaluate({ instant: instant.squaredError, interval: interval.squaredError });
  assertClose('errors', results['instant']!.values, results['interval']!.values, 1e-6);
});

test('the adaptive weight divides by a power of the error and is constant for the gradient', async () => {
  for (const power of [0, 0.5, 0.75, 1]) {
    const graph = new Graph();
    const error = graph.input('error', [2]);
    const loss = adaptiveLoss(error, 0.01, power);
    const values = [0.5, 2];
    const results = await evaluate({ loss, slope: grad(loss, [error])[0]! }, { error: { shape: [2], values } });
    const weights = values.map((value) => (value + 0.01) ** -power);
    const expected = (values[0]! * weights[0]! + values[1]! * weights[1]!) / 2;
    assertClose(`loss for power ${power}`, results['loss']!.values, [expected], 1e-6);
    assertClose(
      'gradient',
      results['slope']!.values,
      weights.map((weight) => weight / 2),
      1e-6,
    );
  }
});

test('times are logit-normal, and pairs are in order', async () => {
  const graph = new Graph();
  const counter = graph.constant([77], [], 'int64');
  const distribution = { mean: -0.4, std: 1 };
  const pairs = drawTimePairs(counter, 4000, distribution, 1);
  const results = await evaluate({ r: pairs.r, t: pairs.t, single: drawTimes(counter, 4000, distribution, 2) });
  const [early, late] = [results['r']!.values, results['t']!.values];
  assert.ok(early.every((value, i) => value > 0 && value <= late[i]! && late[i]! < 1));
  const logits = results['single']!.values.map((value) => Math.log(value / (1 - value)));
  const mean = logits.reduce((sum, value) => sum + value, 0) / 4000;
  const deviation = Math.sqrt(logits.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4000);
  // Six standard errors of 4 000 draws.
  assert.ok(Math.abs(mean + 0.4) < 0.095, `mean ${mean}`);
  assert.ok(Math.abs(deviation - 1) < 0.067, `standard deviation ${deviation}`);
});
