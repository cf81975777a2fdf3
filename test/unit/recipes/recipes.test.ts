import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../src/domain/config.ts';
import { decodeModel, Graph, seededRandom } from '../../../src/graph/index.ts';
import { findRecipe, recipes } from '../../../src/recipes/index.ts';
import type { Program } from '../../../src/recipes/recipe.ts';
import { exportModel } from '../../../src/trainer/engine/exportModel.ts';
import { loadModel } from '../graph/runtime.ts';
import { configure, declareParameters, tinyFacts } from './tinyRun.ts';

/** The networks of each recipe. */
const networkKinds: Readonly<Record<string, readonly string[]>> = {
  meanflow: ['dit', 'unet', 'mlp'],
  classifier: ['cnn', 'mlp'],
};

test('recipes have ids of their own and are found by them', () => {
  const ids = recipes.map(({ info }) => info.id);
  assert.deepEqual(ids, [...new Set(ids)]);
  assert.deepEqual(ids, ['meanflow', 'classifier', 'finetune']);
  for (const recipe of recipes) assert.equal(findRecipe(recipe.info.id), recipe);
  assert.equal(findRecipe('nonesuch'), undefined);
});

// What starts from a file has tests of its own: test/unit/trainer/finetune.test.ts.
for (const recipe of recipes.filter(({ info }) => info.id !== 'finetune')) {
  const { info } = recipe;
  const small = configure(recipe, { batchSize: 12, network: info.id === 'meanflow' ? { patch: 4 } : {} });

  test(`${info.id}: defaults are valid, and only the data must be given`, () => {
    const missing = resolveConfig(info.fields, {}).problems.map(({ key }) => key);
    assert.deepEqual(missing, ['data']);
    assert.deepEqual(resolveConfig(info.fields, { data: 'folder' }).problems, []);
    const keys = info.fields.map(({ key }) => key);
    assert.deepEqual(keys, [...new Set(keys)]);
    for (const key of keys) {
      const under = keys.filter((other) => other.startsWith(`${key}.`));
      assert.deepEqual(under, [], `${key} is a value, so nothing may stand below it`);
    }
    for (const field of info.fields) assert.match(field.description, /^[A-Zm].*\.$/, field.key);
  });

  test(`${info.id}: every metric of a step and of the evaluations is declared`, () => {
    const program = recipe.build(small, tinyFacts);
    const declared = info.metrics.map(({ tag }) => tag);
    assert.deepEqual(declared, [...new Set(declared)]);
    const graph = new Graph();
    const pack = declareParameters(graph, program);
    const parameters = (name: string) => pack.get(name);
    const batch = {
      images: graph.input('images', [12, 8, 8, 1], 'uint8'),
      labels: graph.input('labels', [12], 'int64'),
    };
    const step = program.step({ graph, parameters, batch, counter: graph.input('counter', [], 'int64') });
    assert.deepEqual(step.loss.shape, []);
    const evaluated = program.evaluations.flatMap((evaluation) => {
      const outputs = evaluation.build(graph, parameters, batch);
      for (const value of Object.values(outputs)) assert.deepEqual(value.shape, [12]);
      return Object.keys(outputs);
    });
    for (const [tag, value] of Object.entries(step.metrics)) assert.deepEqual(value.shape, [], tag);
    const made = ['train/loss', 'train/grad_norm', 'train/lr', ...Object.keys(step.metrics), ...evaluated];
    for (const tag of made) assert.ok(declared.includes(tag), `${tag} is declared`);
    assert.ok(info.metrics.some(({ primary }) => primary));
  });

  for (const kind of networkKinds[info.id]!) {
    test(`${info.id} ${kind}: the exported model takes any batch size, and each example for itself`, async () => {
      const network = { kind, ...(kind === 'dit' ? { patch: 4 } : { width: 16 }) };
      const program = recipe.build(configure(recipe, { batchSize: 12, network }), tinyFacts);
      const model = exportedModel(program);
      const session = await loadModel(model);
      const seven = await session.run(feedsFor(model, 7));
      const single = await session.run(feedsFor(model, 1));
      for (const name of Object.keys(seven)) {
        const all = seven[name]!;
        const first = single[name]!;
        assert.deepEqual([all.shape[0], first.shape[0]], [7, 1]);
        first.values.forEach((value, i) => {
          // Pixels are rounded.
          const allowed = name === 'images' ? 1 : 1e-4 * Math.max(1, Math.abs(value));
          assert.ok(Math.abs(value - all.values[i]!) <= allowed, `${name}[${i}]: ${value} and ${all.values[i]}`);
        });
      }
      assert.ok(Object.values(program.model.metadata).every((text) => text !== ''));
    });
  }

  test(`${info.id}: the architecture names what the shapes of parameters depend on`, () => {
    const base = recipe.architecture(small, tinyFacts);
    assert.match(base, /^[a-z0-9-]+$/);
    const wider = configure(recipe, { network: { width: 64, ...(info.id === 'meanflow' ? { patch: 4 } : {}) } });
    assert.notEqual(recipe.architecture(wider, tinyFacts), base);
    assert.notEqual(recipe.architecture(small, { ...tinyFacts, classes: 4 }), base);
    const otherRate = configure(recipe, {
      optimizer: { learningRate: 1 },
      ...(info.id === 'meanflow' ? { network: { patch: 4 } } : {}),
    });
    assert.equal(recipe.architecture(otherRate, tinyFacts), base);
  });
}

/** The exported model with random parameters, also where training starts from zeros, which would hide differences. */
function exportedModel(program: Program): Uint8Array {
  const pack = declareParameters(new Graph(), program);
  const random = seededRandom(4);
  const values = pack.initialValues(3).map((value) => value + 0.05 * random.normal());
  return exportModel(program, pack.layout, values, { run_name: 'test' });
}

/** Inputs for a batch, of which example i is the same whatever the size: classes in turn, random pixels or noise. */
function feedsFor(model: Uint8Array, batch: number) {
  return Object.fromEntries(
    decodeModel(model).graph.inputs.map(({ name, dtype, shape }) => {
      assert.equal(shape[0], 'batch');
      const random = seededRandom(9);
      const draw: Readonly<Record<string, (i: number) => number>> = {
        int64: (i) => i % tinyFacts.classes,
        uint8: () => Math.floor(256 * random.uniform()),
        float32: () => random.normal(),
      };
      const sizes = [batch, ...(shape.slice(1) as number[])];
      const count = sizes.reduce((product, size) => product * size, 1);
      return [name, { shape: sizes, values: Array.from({ length: count }, (_, i) => draw[dtype]!(i)) }];
    }),
  );
}
