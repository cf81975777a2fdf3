import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standardize } from '../../../src/graph/index.ts';
import { activations } from '../../../src/nn/activations.ts';
import { selfAttention } from '../../../src/nn/attention.ts';
import { classEmbedding, timeFeatures } from '../../../src/nn/embeddings.ts';
import { heNormal } from '../../../src/nn/initializers.ts';
import { conv2d, linear } from '../../../src/nn/layers.ts';
import { crossEntropy } from '../../../src/nn/losses.ts';
import { groupNorm, groupsFor, layerNorm, rootMeanSquareNorm } from '../../../src/nn/normalization.ts';
import { assertClose } from '../graph/gradientCheck.ts';
import { normals, runNetwork } from './networkRun.ts';

const random = (shape: readonly number[], seed = 9) => ({
  shape,
  values: normals(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ),
});

test('activations at known points', async () => {
  const points = [-2, -0.5, 0, 0.5, 2];
  const { outputs } = await runNetwork(
    (_, graph) => {
      const x = graph.input('x', [5]);
      return Object.fromEntries(Object.entries(activations).map(([name, apply]) => [name, apply(x)]));
    },
    { x: { shape: [5], values: points } },
  );
  const values = (name: string) => outputs[name]!.values;
  assertClose('relu', values('relu'), [0, 0, 0, 0.5, 2], 1e-6);
  assertClose('squaredRelu', values('squaredRelu'), [0, 0, 0, 0.25, 4], 1e-6);
  assertClose(
    'silu',
    values('silu'),
    points.map((x) => x / (1 + Math.exp(-x))),
    1e-6,
  );
  // Φ(0.5) = 0.6914625 and Φ(2) = 0.9772499, from tables of the normal distribution.
  assertClose('gelu', values('gelu'), [-2 * 0.0227501, -0.5 * 0.3085375, 0, 0.5 * 0.6914625, 2 * 0.9772499], 1e-6);
});

test('norms give the moments that they promise', async () => {
  const { outputs } = await runNetwork(
    (scope, graph) => {
      const x = graph.input('x', [3, 16]);
      return {
        standard: standardize(x),
        rms: rootMeanSquareNorm(x),
        layer: scope.within('n', (inner) => layerNorm(inner, x)),
      };
    },
    { x: { shape: [3, 16], values: normals(48, 2).map((value) => 5 + 3 * value) } },
  );
  const moments = (name: string, row: number) => {
    const values = [...outputs[name]!.values].slice(row * 16, row * 16 + 16);
    const mean = values.reduce((a, b) => a + b) / 16;
    return { mean, square: values.reduce((a, b) => a + b * b, 0) / 16 };
  };
  for (let row = 0; row < 3; row++) {
    const standard = moments('standard', row);
    assert.ok(Math.abs(standard.mean) < 1e-5 && Math.abs(standard.square - 1) < 1e-4);
    assert.ok(Math.abs(moments('rms', row).square - 1) < 1e-4);
  }
  assertClose('a layer norm starts without gain and bias', outputs['layer']!.values, outputs['standard']!.values, 1e-6);
});

test('group norm standardizes each group of channels on its own', async () => {
  const x = random([2, 8, 3, 3]);
  const { outputs, parameters } = await runNetwork(
    (scope, graph) => ({ y: groupNorm(scope, graph.input('x', x.shape), 2) }),
    { x },
  );
  assert.equal(parameters, 16);
  const { values } = outputs['y']!;
  for (let group = 0; group < 4; group++) {
    const part = values.subarray(group * 36, group * 36 + 36);
    const mean = part.reduce((a, b) => a + b) / 36;
    assert.ok(Math.abs(mean) < 1e-5, `mean of group ${group}: ${mean}`);
  }
});

test('groups have at least four channels and divide them', () => {
  assert.deepEqual(
    [1, 4, 8, 12, 32, 64, 30].map((channels) => groupsFor(channels)),
    [1, 1, 2, 3, 8, 8, 6],
  );
});

test('a linear layer is x·W + b, a convolution keeps or halves the size', async () => {
  const { outputs, parameters } = await runNetwork(
    (scope, graph) => {
      const x = graph.input('x', [2, 3, 4]);
      const image = graph.input('image', [1, 2, 7, 7]);
      return {
        dense: scope.within('dense', (inner) => linear(inner, x, 5, { weight: heNormal(4) })),
        same: scope.within('same', (inner) => conv2d(inner, image, 3)),
        half: scope.within('half', (inner) => conv2d(inner, image, 3, { stride: 2, kernel: 5, bias: false })),
      };
    },
    { x: random([2, 3, 4]), image: random([1, 2, 7, 7]) },
  );
  assert.equal(parameters, 4 * 5 + 5 + 3 * 2 * 9 + 3 + 3 * 2 * 25);
  assert.deepEqual(outputs['dense']!.shape, [2, 3, 5]);
  assert.deepEqual(outputs['same']!.shape, [1, 3, 7, 7]);
  assert.deepEqual(outputs['half']!.shape, [1, 3, 4, 4]);
});

test('attention mixes tokens of one example only, and starts as zero', async () => {
  const build = (x: { shape: readonly number[]; values: Float64Array }, disturb: number) =>
    runNetwork((scope, graph) => ({ y: selfAttention(scope, graph.input('x', x.shape), 2) }), { x }, { disturb });
  const x = random([2, 3, 8]);
  const start = await build(x, 0);
  assert.equal(start.parameters, 8 * 24 + 8 * 8);
  assert.ok(start.outputs['y']!.values.every((value) => value === 0));
  const before = (await build(x, 0.3)).outputs['y']!.values;
  const moved = (await build({ ...x, values: x.values.with(0, 3) }, 0.3)).outputs['y']!.values;
  for (let i = 0; i < 24; i++) assert.notEqual(moved[i], before[i]);
  for (let i = 24; i < 48; i++) assert.equal(moved[i], before[i]);
});

test('time features stay below 10 rad, class vectors are rows of the table', async () => {
  const { outputs } = await runNetwork(
    (scope, graph) => ({
      features: timeFeatures(graph.input('t', [2, 1]), 4),
      classes: scope.within('class', (inner) => classEmbedding(inner, graph.input('y', [3], 'int64'), 5, 6)),
    }),
    { t: { shape: [2, 1], values: [0.25, 1] }, y: { shape: [3], values: [4, 0, 4] } },
  );
  const frequencies = [1, 10 ** (1 / 3), 10 ** (2 / 3), 10];
  const expected = [0.25, 1].flatMap((t) => [
    ...frequencies.map((f) => Math.sin(f * t)),
    ...frequencies.map((f) => Math.cos(f * t)),
  ]);
  assertClose('time features', outputs['features']!.values, expected, 1e-6);
  const rows = outputs['classes']!.values;
  assert.deepEqual(rows.subarray(0, 6), rows.subarray(12, 18));
  assert.notDeepEqual(rows.subarray(0, 6), rows.subarray(6, 12));
});

test('cross-entropy is −log of the probability of the label', async () => {
  const logits = [2, 0, -1, 1000, 0, 0];
  const { outputs } = await runNetwork(
    (_, graph) => ({ loss: crossEntropy(graph.input('logits', [2, 3]), graph.input('y', [2], 'int64')) }),
    { logits: { shape: [2, 3], values: logits }, y: { shape: [2], values: [1, 0] } },
  );
  const total = Math.exp(2) + Math.exp(0) + Math.exp(-1);
  assertClose('loss', outputs['loss']!.values, [-Math.log(1 / total), 0], 1e-6);
});
