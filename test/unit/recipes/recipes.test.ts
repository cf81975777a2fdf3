import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../src/domain/config.ts';
import { encodeModel, Graph } from '../../../src/graph/index.ts';
import { findRecipe, recipes } from '../../../src/recipes/index.ts';
import { loadModel } from '../graph/runtime.ts';
import { configure, declareParameters, tinyFacts } from './tinyRun.ts';

test('recipes have ids of their own and are found by them', () => {
  const ids = recipes.map(({ info }) => info.id);
  assert.deepEqual(ids, [...new Set(ids)]);
  assert.deepEqual(ids, ['meanflow', 'classifier']);
  for (const recipe of recipes) assert.equal(findRecipe(recipe.info.id), recipe);
  assert.equal(findRecipe('nonesuch'), undefined);
});

for (const recipe of recipes) {
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

  test(`${info.id}: the exported model runs with constants for parameters`, async () => {
    const program = recipe.build(small, tinyFacts);
    const values = declareParameters(new Graph(), program).initialValues(3);
    const layout = declareParameters(new Graph(), program).layout;
    const graph = new Graph();
    const model = program.model.build(graph, (name) => {
      const slot = layout.find((each) => each.name === name)!;
      return graph.constant(values.subarray(slot.offset, slot.offset + slot.size), slot.shape);
    });
    const session = await loadModel(encodeModel(graph, model.outputs, { inputs: model.inputs }));
    const feeds = Object.fromEntries(
      model.inputs.map((input, i) => {
        const size = input.shape.reduce((a, b) => a * b, 1);
        return [session.inputs[i]!, { shape: input.shape, values: new Float64Array(size).fill(1) }];
      }),
    );
    const results = await session.run(feeds);
    for (const [name, output] of Object.entries(model.outputs)) assert.deepEqual(results[name]!.shape, output.shape);
    assert.ok(Object.values(program.model.metadata).every((text) => text !== ''));
  });

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
