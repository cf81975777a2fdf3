import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { decodeModel, unpackNumbers } from '../../../src/graph/index.ts';
import { openCheckpoint } from '../../../src/trainer/use/openCheckpoint.ts';
import { measureCheckpoint } from '../../../src/trainer/use/useCheckpoint.ts';
import { loadModel } from '../graph/runtime.ts';
import { runTrainer, temporaryFolder, writeConfig, writeIdxSet } from './support.ts';

const fixture = (name: string) => path.resolve(import.meta.dirname, '../../fixtures/onnx', `${name}.onnx`);
const common = { recipe: 'finetune', batchSize: 16, device: 'cpu', threads: 1, seed: 3, evaluateEvery: 0 };

for (const trainable of ['all', 'head', 'lora', 'dora'] as const) {
  test(`a ResNet from PyTorch is trained further, weights: ${trainable}`, async (t) => {
    const folder = temporaryFolder(t);
    const data = writeIdxSet(folder);
    const settings = { ...common, data, model: fixture('resnet18'), trainable, steps: 60 };
    const config = writeConfig(folder, { ...settings, optimizer: { learningRate: 0.003, emaDecay: 0.8 } });
    const { code, complaint } = await runTrainer(folder, config, ['name=f']);
    assert.equal(code, 0, complaint);
    const run = path.join(folder, 'runs', 'f');
    const opened = await openCheckpoint(path.join(run, 'checkpoints', 'last.safetensors'));
    const names = opened.program.parameters.map(({ name }) => name);
    assert.ok(names.includes('head/weight'));
    assert.equal(names.includes('model/0.weight'), trainable === 'all');
    assert.equal(names.includes('model/0.weight/down'), trainable === 'lora' || trainable === 'dora');
    assert.equal(names.includes('model/0.weight/magnitude'), trainable === 'dora');
    assert.ok(!names.some((name) => name.includes('running_')), 'collected statistics are not trained');
    const { metrics } = await measureCheckpoint(opened);
    // Four classes; a new head on frozen features of a random network learns less.
    assert.ok(metrics['test/accuracy']! > (trainable === 'head' ? 0.4 : 0.9), `accuracy ${metrics['test/accuracy']}`);

    const bytes = readFileSync(path.join(run, 'model.onnx'));
    const session = await loadModel(bytes);
    const { logits } = await session.run({ images: { shape: [3, 8, 8, 1], values: new Array<number>(192).fill(9) } });
    assert.deepEqual(logits!.shape.map(Number), [3, 4]);
    const first = decodeModel(readFileSync(fixture('resnet18'))).graph.initializers.find(
      ({ name }) => name === '0.weight',
    )!;
    const original = unpackNumbers(first.data, 'float32');
    const kept = decodeModel(bytes).graph.initializers.some(
      ({ shape, data: each }) =>
        shape.join() === first.shape.join() &&
        unpackNumbers(each, 'float32').every((value, i) => value === original[i]),
    );
    assert.equal(kept, trainable !== 'all', 'frozen weights stay as they are in the file');
  });
}

test('a model that does not fit is refused with the way out', async (t) => {
  const folder = temporaryFolder(t);
  const small = writeIdxSet(folder);
  const odd = writeIdxSet(temporaryFolder(t), { examples: 32, side: 12, classes: 4 });
  const text = path.join(folder, 'text.onnx');
  writeFileSync(text, 'This is no model.');
  const refusals: readonly (readonly [object, RegExp])[] = [
    [
      { data: odd, model: fixture('resnet18') },
      /wants images of 32 × 32 with 3 channels; the data set has 12 × 12 with 1/,
    ],
    [{ data: small, model: fixture('resnet18'), mean: [0.1, 0.2] }, /mean has 2 numbers, and the model has 3 channels/],
    [{ data: small, model: fixture('resnet18'), features: 'nowhere' }, /"nowhere", which nothing computes/],
    [{ data: small, model: fixture('bert') }, /none for images/],
    [{ data: small, model: fixture('vit') }, /batch|reshape/i],
    [{ data: small, model: path.join(folder, 'missing.onnx') }, /There is no model .*missing\.onnx/],
    [{ data: small, model: text }, /./],
  ];
  for (const [index, [settings, reason]] of refusals.entries()) {
    const config = writeConfig(folder, { ...common, ...settings, steps: 2 });
    const { code, complaint } = await runTrainer(folder, config, [`name=r${index}`]);
    assert.equal(code, 1);
    assert.match(complaint, reason);
  }
});
