import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeModel, Graph } from '../../../../src/graph/index.ts';
import { meanFlow } from '../../../../src/recipes/meanflow/index.ts';
import { judgeSamples } from '../../../../src/recipes/meanflow/judge.ts';
import { loadModel } from '../../graph/runtime.ts';
import { configure, declareParameters, descend, tinyFacts } from '../tinyRun.ts';

const networks = {
  dit: { kind: 'dit', patch: 4, width: 16, layers: 1, heads: 2 },
  unet: { kind: 'unet', width: 8, halvings: 1, heads: 2 },
  mlp: { kind: 'mlp', width: 32, layers: 2 },
};

/** Learning rates of plain descent: dense layers under a SiLU need a higher one. */
const rates = { dit: 0.05, unet: 0.05, mlp: 0.4 };

for (const [name, network] of Object.entries(networks)) {
  test(`training steps of the ${name} lower the loss`, async () => {
    const config = configure(meanFlow, { batchSize: 12, network, loss: { ratio: 0.5 } });
    const result = await descend(meanFlow.build(config, tinyFacts), {
      steps: 40,
      rate: rates[name as keyof typeof rates],
      sameNoise: true,
    });
    const loss = result['loss']!;
    assert.ok(loss.every(Number.isFinite));
    assert.ok(loss.at(-1)! < 0.93 * loss[0]!, `loss ${loss[0]} → ${loss.at(-1)}`);
    assert.equal(result['train/du_dt_norm']!.length, 40);
  });
}

test('each step draws its own noise, and the same seed the same', async () => {
  const config = configure(meanFlow, { batchSize: 12, network: networks.mlp });
  const program = meanFlow.build(config, tinyFacts);
  const first = await descend(program, { steps: 3, rate: 0 });
  assert.equal(new Set(first['loss']).size, 3);
  assert.deepEqual(await descend(program, { steps: 3, rate: 0 }), first);
  assert.notDeepEqual((await descend(program, { steps: 3, rate: 0, seed: 2 }))['loss'], first['loss']);
});

test('a ratio of 0 or 1 leaves one of the parts out', async () => {
  for (const ratio of [0, 1]) {
    const config = configure(meanFlow, { batchSize: 12, network: networks.mlp, loss: { ratio } });
    const result = await descend(meanFlow.build(config, tinyFacts), { steps: 1, rate: 0 });
    assert.ok(Number.isFinite(result['loss']![0]));
    assert.equal('train/du_dt_norm' in result, ratio === 1);
  }
});

test('samples are images of every class in turn, the same for the same counter', async () => {
  const config = configure(meanFlow, { network: networks.dit, samples: { count: 7 } });
  const program = meanFlow.build(config, tinyFacts);
  const { samples } = program;
  assert.ok(samples?.kind === 'images');
  assert.deepEqual([samples.batchSize, samples.batches, samples.shown, samples.columns], [7, 1, 7, 7]);
  assert.equal(samples.judge, undefined);
  const graph = new Graph();
  const pack = declareParameters(graph, program);
  const counter = graph.input('counter', [], 'int64');
  const { images, labels } = samples.build(graph, (name) => pack.get(name), counter);
  const model = await loadModel(encodeModel(graph, { images, labels }));
  const parameters = { shape: [pack.size], values: pack.initialValues(1) };
  const draw = (at: number) => model.run({ parameters, counter: { shape: [], values: [at] } });
  const first = await draw(5);
  assert.deepEqual(first['images']!.shape, [7, 8, 8, 1]);
  assert.deepEqual([...first['labels']!.values], [0, 1, 2, 0, 1, 2, 0]);
  assert.deepEqual((await draw(5))['images']!.values, first['images']!.values);
  // An untrained network with its linear part gives the zero image: 127.5 rounds to 128.
  assert.ok(first['images']!.values.every((value) => value === 127 || value === 128));
});

test('400 samples come in four runs of 100', () => {
  const { samples } = meanFlow.build(configure(meanFlow, { judge: '/runs/judge/model.onnx' }), {
    ...tinyFacts,
    height: 28,
    width: 28,
  });
  assert.ok(samples?.kind === 'images');
  assert.deepEqual([samples.batchSize, samples.batches, samples.shown, samples.columns], [100, 4, 100, 10]);
  assert.equal(samples.judge?.model, '/runs/judge/model.onnx');
});

test('the judge counts confidence, agreement and classes as they are defined', () => {
  const log = (...probabilities: number[]) => probabilities.map(Math.log);
  const logits = Float32Array.from([...log(0.7, 0.2, 0.1), ...log(0.1, 0.8, 0.1), ...log(0.2, 0.6, 0.2)]);
  const measured = judgeSamples(logits, [0, 1, 2], 3);
  assert.ok(Math.abs(measured['samples/confidence']! - 0.7) < 1e-6);
  assert.ok(Math.abs(measured['samples/accuracy']! - 2 / 3) < 1e-12);
  assert.equal(measured['samples/distinct_classes'], 2);
});

test('patches are chosen by the size of the images where none are given', () => {
  const config = configure(meanFlow, { network: { kind: 'dit', width: 16, layers: 1, heads: 2 } });
  const sides = { 28: 7, 32: 8, 64: 8, 8: 4, 9: 3, 13: 1 };
  for (const [side, patch] of Object.entries(sides)) {
    const facts = { ...tinyFacts, height: Number(side), width: Number(side) };
    assert.match(meanFlow.architecture(config, facts), new RegExp(`dit-p${patch}-`), side);
  }
  assert.match(meanFlow.architecture(config, { ...tinyFacts, height: 32, width: 28 }), /dit-p4-/);
});
