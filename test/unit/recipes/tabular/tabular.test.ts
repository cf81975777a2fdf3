import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../../../src/base/errors.ts';
import { encodeModel, Graph } from '../../../../src/graph/index.ts';
import type { ArrayFacts } from '../../../../src/recipes/data.ts';
import { tabular } from '../../../../src/recipes/tabular/index.ts';
import { loadModel } from '../../graph/runtime.ts';
import { configure, declareParameters, descend, type TinyExamples, tinyFacts } from '../tinyRun.ts';

/** Rows of two features far from 0, of which the first decides. */
const rows = Array.from({ length: 12 }, (_, i) => [1000 + 10 * i, i % 3 === 0 ? 0.001 : 0.002]);
const scale = (column: readonly number[]) => {
  const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
  return { mean, deviation: Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length) };
};
const targets = rows.map(([first]) => 5 * first! - 300);
const shared = {
  kind: 'arrays',
  examples: 12,
  features: [2],
  targets: [],
  featureScales: [scale(rows.map(([x]) => x!)), scale(rows.map(([, y]) => y!))],
} as const;
const classFacts: ArrayFacts = { ...shared, classes: 3, targetScales: [] };
const numberFacts: ArrayFacts = { ...shared, classes: 0, targetScales: [scale(targets)] };
const features = { shape: [12, 2], dtype: 'float32', values: rows.flat() } as const;
const classBatch: TinyExamples = {
  features,
  labels: { shape: [12], dtype: 'int64', values: rows.map((_, i) => Math.floor(i / 4)) },
};

test('classes are learned from rows whose numbers lie far from 0', async () => {
  const program = tabular.build(configure(tabular, { batchSize: 12, network: { width: 16, layers: 2 } }), classFacts);
  const result = await descend(program, { steps: 200, rate: 0.3 }, classBatch);
  assert.ok(result['loss']!.at(-1)! < 0.2, `loss at the end ${result['loss']!.at(-1)}`);
  assert.equal(result['train/accuracy']!.at(-1), 1);
});

test('numbers are learned, and errors told, in their own units', async () => {
  const config = configure(tabular, { task: 'regression', batchSize: 12, network: { layers: 0 } });
  const program = tabular.build(config, numberFacts);
  const batch = { features, targets: { shape: [12], dtype: 'float32', values: targets } } as const;
  const result = await descend(program, { steps: 200, rate: 0.1 }, batch);
  const first = result['train/absolute_error']![0]!;
  assert.ok(first > 10, `at the start ${first}`);
  assert.ok(
    result['train/absolute_error']!.at(-1)! < first / 100,
    `at the end ${result['train/absolute_error']!.at(-1)}`,
  );
});

test('the exported model gives targets in their own units', async () => {
  const config = configure(tabular, { task: 'regression', network: { layers: 0 } });
  const program = tabular.build(config, numberFacts);
  const graph = new Graph();
  const pack = declareParameters(graph, program);
  assert.ok('build' in program.model);
  const { outputs } = program.model.build(graph, (name) => pack.get(name), 12);
  const model = await loadModel(encodeModel(graph, outputs));
  const values = { parameters: { shape: [pack.size], values: new Array<number>(pack.size).fill(0) } };
  const given = (await model.run({ ...values, features }))['targets']!;
  assert.deepEqual(given.shape, [12, 1]);
  // Weights of 0 give the mean of the targets.
  for (const value of given.values)
    assert.ok(Math.abs(value - numberFacts.targetScales[0]!.mean) < 1e-2, String(value));
});

test('with dropout, training draws other units at each step and the evaluation none', async () => {
  const config = configure(tabular, { batchSize: 12, network: { width: 16, layers: 1, dropout: 0.5 } });
  const program = tabular.build(config, classFacts);
  const still = await descend(program, { steps: 3, rate: 0 }, classBatch);
  assert.equal(new Set(still['loss']).size, 3);
  const graph = new Graph();
  const pack = declareParameters(graph, program);
  const batch = { features: graph.input('features', [12, 2]), labels: graph.input('labels', [12], 'int64') };
  const evaluated = program.evaluations[0]!.build(graph, (name) => pack.get(name), batch);
  const model = await loadModel(encodeModel(graph, evaluated));
  const run = () => model.run({ parameters: { shape: [pack.size], values: pack.initialValues(1) }, ...classBatch });
  assert.deepEqual((await run())['test/loss']!.values, (await run())['test/loss']!.values);
});

test('images are no rows', () => {
  assert.throws(
    () => tabular.build(configure(tabular, {}), tinyFacts),
    (error) => error instanceof AppError && error.code === 'bad-data',
  );
});
