import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../src/domain/config.ts';
import { decodeModel, Graph, seededRandom } from '../../../src/graph/index.ts';
import { type DataFacts, exampleTensors } from '../../../src/recipes/data.ts';
import { findRecipe, recipes } from '../../../src/recipes/index.ts';
import type { Batch, Program } from '../../../src/recipes/recipe.ts';
import { exportModel } from '../../../src/trainer/engine/exportModel.ts';
import { loadModel } from '../graph/runtime.ts';
import { subjects } from './subjects.ts';
import { configure, declareParameters, tinyFacts } from './tinyRun.ts';

/** Those have tests of their own, since they need a model to begin with. */
const startsFromFile = ['finetune', 'finetune-language', 'text-classifier', 'bridge'];

test('recipes have ids of their own and are found by them', () => {
  const ids = recipes.map(({ info }) => info.id);
  assert.deepEqual(ids, [...new Set(ids)]);
  assert.deepEqual(ids, [
    'meanflow',
    'classifier',
    'finetune',
    'tabular',
    'language-model',
    'finetune-language',
    'text-classifier',
    'bridge',
  ]);
  for (const recipe of recipes) assert.equal(findRecipe(recipe.info.id), recipe);
  assert.equal(findRecipe('nonesuch'), undefined);
});

test('every recipe is tested, those that start from a file on their own', () => {
  const ids = recipes.map(({ info }) => info.id).filter((id) => !startsFromFile.includes(id));
  assert.deepEqual(Object.keys(subjects).toSorted(), ids.toSorted());
});

for (const [id, { facts, otherFacts, small: keys, networks, wider }] of Object.entries(subjects)) {
  const recipe = findRecipe(id)!;
  const { info } = recipe;
  const small = configure(recipe, { batchSize: 12, ...keys });

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
    const program = recipe.build(small, facts);
    const declared = info.metrics.map(({ tag }) => tag);
    assert.deepEqual(declared, [...new Set(declared)]);
    const graph = new Graph();
    const pack = declareParameters(graph, program);
    const parameters = (name: string) => pack.get(name);
    const batch = batchInputs(graph, facts, 12);
    const step = program.step({ graph, parameters, batch, counter: graph.input('counter', [], 'int64') });
    assert.deepEqual(step.loss.shape, []);
    const evaluated = program.evaluations.flatMap((evaluation) => {
      const { batchSize } = evaluation;
      const outputs = evaluation.build(graph, parameters, batchInputs(graph, facts, batchSize, 'evaluated:'));
      for (const value of Object.values(outputs)) assert.deepEqual(value.shape, [batchSize]);
      const one = Object.fromEntries(Object.keys(outputs).map((name) => [name, Float32Array.of(1)]));
      return Object.keys(evaluation.summarize?.(one) ?? outputs);
    });
    for (const [tag, value] of Object.entries(step.metrics)) assert.deepEqual(value.shape, [], tag);
    const made = ['train/loss', 'train/grad_norm', 'train/lr', ...Object.keys(step.metrics), ...evaluated];
    for (const tag of made) assert.ok(declared.includes(tag), `${tag} is declared`);
    assert.ok(info.metrics.some(({ primary }) => primary));
  });

  for (const [name, network] of Object.entries(networks)) {
    test(`${info.id} ${name}: the exported model takes any batch size, and each example for itself`, async () => {
      const program = recipe.build(configure(recipe, { batchSize: 12, network }), facts);
      const model = exportedModel(program);
      const session = await loadModel(model);
      const seven = await session.run(feedsFor(model, 7));
      const single = await session.run(feedsFor(model, 1));
      for (const output of Object.keys(seven)) {
        const all = seven[output]!;
        const first = single[output]!;
        assert.deepEqual([all.shape[0], first.shape[0]], [7, 1]);
        first.values.forEach((value, i) => {
          // Pixels are rounded.
          const allowed = output === 'images' ? 1 : 1e-4 * Math.max(1, Math.abs(value));
          assert.ok(Math.abs(value - all.values[i]!) <= allowed, `${output}[${i}]: ${value} and ${all.values[i]}`);
        });
      }
      assert.ok(Object.values(program.model.metadata).every((text) => text !== ''));
    });
  }

  test(`${info.id}: the architecture names what the shapes of parameters depend on`, () => {
    const base = recipe.architecture(small, facts);
    assert.match(base, /^[a-z0-9-]+$/);
    assert.notEqual(recipe.architecture(configure(recipe, { ...keys, network: wider }), facts), base);
    assert.notEqual(recipe.architecture(small, otherFacts), base);
    const otherRate = configure(recipe, { ...keys, optimizer: { learningRate: 1 } });
    assert.equal(recipe.architecture(otherRate, facts), base);
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

/** The tensors of a batch as inputs of a graph. */
function batchInputs(graph: Graph, facts: DataFacts, batchSize: number, prefix = ''): Batch {
  return Object.fromEntries(
    Object.entries(exampleTensors(facts)).map(([name, { shape, dtype }]) => [
      name,
      graph.input(prefix + name, [batchSize, ...shape], dtype),
    ]),
  );
}
