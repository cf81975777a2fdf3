import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand, jvp } from '../../../src/graph/index.ts';
import { cnnClassifier, mlpClassifier } from '../../../src/nn/networks/classifiers.ts';
import { ditField } from '../../../src/nn/networks/dit.ts';
import { mlpField } from '../../../src/nn/networks/mlp.ts';
import { unetField } from '../../../src/nn/networks/unet.ts';
import { collectParameters } from '../../../src/nn/scope.ts';
import { type VectorField, withLinearPart } from '../../../src/nn/vectorField.ts';
import { assertClose } from '../graph/gradientCheck.ts';
import { normals, runNetwork } from './networkRun.ts';

const image = { height: 8, width: 8, channels: 2 };
const fields = {
  dit: ditField(image, { patch: 4, width: 16, layers: 2, heads: 2, classes: 3, activation: 'silu' }),
  unet: unetField(image, { width: 8, halvings: 2, blocks: 1, heads: 2, classes: 3 }),
  mlp: mlpField(image, { width: 32, layers: 2, classes: 3 }),
} satisfies Record<string, VectorField>;

for (const [name, field] of Object.entries(fields)) {
  test(`${name}: images come back from states as they were`, async () => {
    const values = normals(2 * 128, 3);
    const { outputs } = await runNetwork(
      (_, graph) => ({ y: field.toImages(field.fromImages(graph.input('x', [2, 8, 8, 2]))) }),
      { x: { shape: [2, 8, 8, 2], values } },
    );
    assert.deepEqual(outputs['y']!.shape, [2, 8, 8, 2]);
    assertClose('images', outputs['y']!.values, values, 1e-6);
  });

  test(`${name}: starts at zero, and its derivative along (v, 0, 1) agrees with central differences`, async () => {
    const start = await probe(field, 0, 0);
    assert.deepEqual(start['u']!.shape, [2, ...field.stateShape]);
    assert.ok(start['u']!.values.every((value) => value === 0));
    await checkDerivative(field);
  });

  test(`${name}: with the linear part, all of the noise is taken away at t = 1`, async () => {
    const outputs = await probe(withLinearPart(field, 0.25), 0, 0, [0.5, 0.5], [1, 1]);
    assertClose('velocity of an untrained network', outputs['u']!.values, stateValues(field), 1e-6);
  });
}

test('the derivative of a field with its linear part agrees with central differences', async () => {
  await checkDerivative(withLinearPart(fields.dit, 0.25));
});

test('fields use the class, and both times', async () => {
  for (const field of Object.values(fields)) {
    const base = (await probe(field, 0.2, 0))['u']!.values;
    const otherTime = (await probe(field, 0.2, 0, [0.1, 0.3], [0.45, 0.8]))['u']!.values;
    const otherStart = (await probe(field, 0.2, 0, [0.2, 0.3], [0.5, 0.8]))['u']!.values;
    const otherClass = (await probe(field, 0.2, 0, [0.1, 0.3], [0.5, 0.8], [2, 1]))['u']!.values;
    for (const other of [otherTime, otherStart, otherClass]) {
      assert.notEqual(other[5], base[5], `${field.name}: the first example changes`);
      assert.equal(other.at(-1), base.at(-1), `${field.name}: the second one does not`);
    }
  }
});

test('parameter counts agree with a count by hand', () => {
  const size = (field: VectorField) => countParameters(field);
  const condition = 4 * 16 * 16 + 16 + 3 * 16;
  const layer = 6 * 16 + 16 * 48 + 16 * 16 + 2 * 16 * 64;
  const output = 16 * 16 + 16 + 16 * 32 + 32;
  assert.equal(size(fields.dit), condition + 4 * 16 + 32 * 16 + 16 * 96 + 2 * layer + output);
  assert.equal(size(fields.mlp), 3 * 32 + (128 + 64 + 32) * 32 + 32 + 32 * 32 + 32 + 32 * 128 + 128);
  const demo = ditField(
    { height: 28, width: 28, channels: 1 },
    { patch: 7, width: 128, layers: 4, heads: 4, classes: 10, activation: 'squaredRelu' },
  );
  assert.ok(size(demo) < 1_000_000);
});

test('sizes that do not fit are refused with the way out', () => {
  const dit = { patch: 3, width: 16, layers: 1, heads: 2, classes: 3, activation: 'silu' } as const;
  assert.throws(() => ditField(image, dit), /8 × 8 cannot be cut into patches of 3 × 3/);
  assert.throws(() => ditField(image, { ...dit, patch: 4, heads: 3 }), /16 cannot be shared among 3 heads/);
  const unet = { width: 8, halvings: 4, blocks: 1, heads: 2, classes: 3 };
  assert.throws(() => unetField(image, unet), /cannot be halved 4 times/);
  assert.throws(() => unetField(image, { ...unet, halvings: 1, heads: 3 }), /16 cannot be shared among 3 heads/);
});

test('classifiers give one logit per class', async () => {
  for (const build of [mlpClassifier, cnnClassifier]) {
    const { outputs } = await runNetwork(
      (scope, graph) => ({ logits: build(scope, graph.input('x', [2, 9, 7, 1]), { width: 4, classes: 3 }) }),
      { x: { shape: [2, 9, 7, 1], values: normals(126, 1) } },
    );
    assert.deepEqual(outputs['logits']!.shape, [2, 3]);
    assert.notEqual(outputs['logits']!.values[0], outputs['logits']!.values[3]);
  }
});

const velocityOf = (field: VectorField) => normals(stateValues(field).length, 8);

function stateValues(field: VectorField): Float64Array {
  return normals(2 * field.stateShape.reduce((a, b) => a * b, 1), 4);
}

/** u and du/dt of two examples, at a point moved by `shift` along (v, 0, 1). */
async function probe(
  field: VectorField,
  disturb: number,
  shift: number,
  r = [0.1, 0.3],
  t = [0.5, 0.8],
  classes = [1, 1],
) {
  const shape = [2, ...field.stateShape];
  const velocity = velocityOf(field);
  const { outputs } = await runNetwork(
    (scope, graph) => {
      const state = graph.input('state', shape);
      const at = {
        state,
        r: graph.input('r', [2, 1]),
        t: graph.input('t', [2, 1]),
        labels: graph.input('y', [2], 'int64'),
      };
      const u = field.evaluate(scope, at);
      const seeds = new Map([
        [state, graph.input('v', shape)],
        [at.t, expand(graph.scalar(1), [2, 1])],
      ]);
      return { u, slope: jvp([u], seeds)[0]! };
    },
    {
      state: { shape, values: stateValues(field).map((value, i) => value + shift * velocity[i]!) },
      v: { shape, values: velocity },
      r: { shape: [2, 1], values: r },
      t: { shape: [2, 1], values: t.map((time) => time + shift) },
      y: { shape: [2], values: classes },
    },
    { disturb },
  );
  return outputs;
}

/** The step suits float32: the error of the difference falls with its square, that of rounding grows with its inverse. */
async function checkDerivative(field: VectorField): Promise<void> {
  const step = 4e-3;
  const disturb = 0.1;
  const here = await probe(field, disturb, 0);
  const [ahead, behind] = [await probe(field, disturb, step), await probe(field, disturb, -step)];
  const expected = ahead['u']!.values.map((value, i) => (value - behind['u']!.values[i]!) / (2 * step));
  const largest = Math.max(...expected.map(Math.abs));
  assert.ok(largest > 0.1, `the derivative is not near zero: ${largest}`);
  assertClose('du/dt', here['slope']!.values, expected, 4e-3);
}

function countParameters(field: VectorField): number {
  const specs = collectParameters((scope) => {
    const { graph } = scope;
    field.evaluate(scope, {
      state: graph.input('state', [1, ...field.stateShape]),
      r: graph.input('r', [1, 1]),
      t: graph.input('t', [1, 1]),
      labels: graph.input('labels', [1], 'int64'),
    });
  });
  return specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
