import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../../src/domain/config.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { decodeModel, Graph, mul, reduceSum, scanModel, sub } from '../../../../src/graph/index.ts';
import { exampleTensors, type TokenFacts } from '../../../../src/recipes/data.ts';
import { findRecipe } from '../../../../src/recipes/index.ts';
import { BatchLoader } from '../../../../src/trainer/data/batches.ts';
import type { DataSet } from '../../../../src/trainer/data/dataSet.ts';
import { LabelledImages } from '../../../../src/trainer/data/images/labelledImages.ts';
import { FusedSteps } from '../../../../src/trainer/engine/fusedSteps.ts';
import { residentBytes, residentData } from '../../../../src/trainer/engine/residentData.ts';
import { initialState } from '../../../../src/trainer/engine/trainState.ts';
import { buildTrainStep } from '../../../../src/trainer/engine/trainStep.ts';
import { liesOnDevice } from '../../../../src/trainer/run/dataPlace.ts';
import { tinyImages } from '../support.ts';

const [examples, side, classes] = [22, 6, 3];
const images = new LabelledImages({
  name: 'train',
  path: '',
  ...tinyImages({ examples, side, classes }),
  shape: [examples, side, side, 1],
  classes,
});

const facts: TokenFacts = {
  kind: 'tokens',
  examples: 14,
  window: 9,
  vocabulary: { kind: 'tokenizer', size: 700, pad: 0, unknown: 1, mask: 2 },
  weighted: true,
  classes: 0,
};

/** Windows of tokens beyond a byte, whose last places are padding. */
const texts: DataSet = {
  name: 'train',
  path: '',
  facts,
  sha256: '',
  gather(indices) {
    const { window } = facts;
    const place = (i: number) => ({ example: indices[Math.floor(i / window)]! % facts.examples, at: i % window });
    const isPadding = ({ example, at }: { example: number; at: number }) => at >= window - (example % 3);
    const all = Array.from({ length: indices.length * window }, (_, i) => place(i));
    return {
      tokens: Int32Array.from(all, (each) => (isPadding(each) ? 0 : 3 + ((each.example * 131 + each.at * 17) % 690))),
      weights: Float32Array.from(all, (each) => (isPadding(each) ? 0 : 1)),
    };
  },
  dispose() {},
};

/** The state and metrics behind calls of several sizes over more than one epoch. */
async function train(recipeId: string, keys: JsonObject, data: DataSet, accumulate: number, isResident: boolean) {
  const recipe = findRecipe(recipeId)!;
  const { config, problems } = resolveConfig(recipe.info.fields, { data: '/nowhere', ...keys });
  assert.deepEqual(problems, []);
  const program = recipe.build(config, data.facts);
  const step = buildTrainStep(program, data.facts, 100, { accumulate });
  const steps = new FusedSteps({
    step,
    optimizer: program.optimizer,
    batchSize: program.batchSize * accumulate,
    totalSteps: 9,
    seed: 4,
    loader: new BatchLoader(data, 4),
    placement: { device: 'cpu', threads: 1 },
    ...(isResident ? { resident: residentData(data) } : {}),
  });
  let state = initialState(step.pack.initialValues(2));
  const metrics: number[][] = [];
  for (const count of [1, 5, 3]) {
    const result = await steps.run(state, count);
    state = result.state;
    metrics.push(...[...result.metrics.values()].map((values) => [...values]));
  }
  steps.dispose();
  return { state, metrics };
}

const runs = [
  ['images', 'classifier', { batchSize: 8, network: { kind: 'mlp', width: 8 } }, images, 1],
  ['images in parts of a batch', 'classifier', { batchSize: 4, network: { kind: 'mlp', width: 8 } }, images, 2],
  ['tokens', 'language-model', { batchSize: 4, window: 9, network: { width: 8, layers: 1, heads: 2 } }, texts, 1],
] as const;

for (const [title, recipe, keys, data, accumulate] of runs) {
  test(`a set on the device gives the steps of the loader bit by bit: ${title}`, async () => {
    const loaded = await train(recipe, keys, data, accumulate, false);
    const resident = await train(recipe, keys, data, accumulate, true);
    assert.equal(loaded.state.step, 9);
    assert.ok(loaded.metrics.flat().every(Number.isFinite));
    assert.deepEqual(resident, loaded);
  });
}

test('tables take a byte for a whole number where all fit, and the rows are the examples', () => {
  const { tables, bytes } = residentData(images);
  assert.deepEqual([tables['images']!.dtype, tables['images']!.shape], ['uint8', [examples, side, side, 1]]);
  assert.deepEqual([tables['labels']!.dtype, tables['labels']!.shape], ['uint8', [examples]]);
  assert.equal(bytes, examples * (side * side + 1));
  assert.deepEqual([...tables['labels']!.bytes], [...images.labels]);
  const long = residentData(texts);
  assert.equal(long.tables['tokens']!.dtype, 'int32');
  assert.equal(long.tables['weights']!.dtype, 'float32');
  const all = texts.gather(Array.from({ length: facts.examples }, (_, i) => i));
  assert.deepEqual(Buffer.from(long.tables['tokens']!.bytes), Buffer.from((all['tokens'] as Int32Array).buffer));
  assert.ok(residentBytes(texts) >= long.bytes && residentBytes(images) >= bytes);
  assert.deepEqual(Object.keys(long.tables), Object.keys(exampleTensors(facts)));
});

test('rows are looked up before the loop, so that the loop takes nothing from outside', () => {
  const graph = new Graph();
  const [w, x] = [graph.input('w', []), graph.input('x', [2, 3])];
  const next = sub(w, reduceSum(mul(w, x), undefined, false));
  const step = { graph, state: [{ name: 'w', input: w, next }], sequence: [{ name: 'x', input: x }], perStep: {} };
  const table = { dtype: 'float32', shape: [5, 3], bytes: new Uint8Array(60) } as const;
  const model = (isPartOfModel: boolean) =>
    decodeModel(scanModel(step, 'steps', { residentRows: { tables: { x: table }, isPartOfModel } })).graph;
  const part = model(true);
  assert.deepEqual(
    part.nodes.map(({ type }) => type),
    ['Gather', 'Scan'],
  );
  assert.deepEqual(
    part.inputs.map(({ name, dtype, shape }) => [name, dtype, shape]),
    [
      ['w', 'float32', []],
      ['rows', 'int32', ['steps', 2]],
    ],
  );
  const { initializers, inputs } = model(false);
  assert.equal(part.initializers.length, initializers.length + 1);
  assert.deepEqual(inputs.at(-1), { name: 'table of x', dtype: 'float32', shape: [5, 3] });
});

test('a set lies on a device where it is small, in memory and always the same', () => {
  const small = { facts: images.facts };
  const large = { facts: { ...images.facts, examples: 1e6, height: 32, width: 32 } };
  const free = { device: 80e9 };
  assert.ok(liesOnDevice(small, 'cuda', free) && liesOnDevice(small, 'webgpu', {}));
  assert.ok(!liesOnDevice(small, 'cpu', free) && !liesOnDevice(small, 'dml', {}));
  assert.ok(liesOnDevice(large, 'cuda', free) && !liesOnDevice(large, 'cuda', { device: 4e9 }));
  assert.ok(!liesOnDevice(large, 'webgpu', {}));
  assert.ok(!liesOnDevice({ ...small, isVaried: true }, 'cuda', free));
  const plan = { kind: 'tokens' } as unknown as NonNullable<DataSet['plan']>;
  assert.ok(!liesOnDevice({ ...small, plan }, 'cuda', free), 'a set that is read from files');
});
