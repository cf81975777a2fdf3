import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  decodeModel,
  grad,
  importModel,
  mul,
  type OnnxTensor,
  reduceSum,
  trainableTensors,
  unpackNumbers,
  type Value,
} from '../../../../src/graph/index.ts';
import type { TrainablePart } from '../../../../src/recipes/finetune/config.ts';
import { loadOnnxModel } from '../../../../src/recipes/finetune/model.ts';
import { openCheckpoint } from '../../../../src/trainer/use/openCheckpoint.ts';
import { drawSamples, exportCheckpoint, measureCheckpoint } from '../../../../src/trainer/use/useCheckpoint.ts';
import { evaluate, loadModel, type Numbers } from '../../graph/runtime.ts';
import { runTrainer, temporaryFolder, writeConfig } from '../../trainer/support.ts';
import { checkpointBits } from '../../trainer/trainProcess.ts';
import { writeColouredImages } from './colouredImages.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/onnx');
const file = path.join(fixtures, 'vitOpen.onnx');

interface Truth {
  readonly pixels: Numbers;
  readonly logits: Numbers;
  readonly gradients: Readonly<
    Record<string, { readonly norm: number; readonly places: readonly number[]; readonly values: readonly number[] }>
  >;
}

test('a ViT as PyTorch exports it by itself gives PyTorch’s output and gradients', async () => {
  const truth = JSON.parse(readFileSync(path.join(fixtures, 'vitOpen.json'), 'utf8')) as Truth;
  const { model } = loadOnnxModel(file);
  const tested = decodeModel(readFileSync(file)).graph.nodes.filter(({ type }) => type === 'IsNaN').length;
  assert.equal(tested, 2, 'one behind each softmax of its attention');
  const parameters = new Map<string, Value>();
  const feeds: Record<string, Numbers> = { pixels: truth.pixels };
  const trainable = new Set(trainableTensors(model));
  const { outputs, graph } = importModel(model, {
    dimensions: { batch: 2 },
    parameter: (tensor, own) => {
      if (!trainable.has(tensor)) return undefined;
      const value = own.input(`weight:${tensor.name}`, tensor.shape);
      feeds[`weight:${tensor.name}`] = { shape: tensor.shape, values: numbersOf(tensor) };
      parameters.set(tensor.name, value);
      return value;
    },
  });
  const logits = outputs.get('logits')!;
  const weights = Array.from({ length: 10 }, (_, i) => Math.cos(i));
  const loss = reduceSum(mul(logits, graph.constant(weights, [2, 5])), undefined, false);
  const names = [...parameters.keys()];
  const gradients = grad(loss, [...parameters.values()]);
  const results = await evaluate(
    { logits, ...Object.fromEntries(gradients.map((gradient, i) => [names[i]!, gradient])) },
    feeds,
  );
  assertNear(results['logits']!.values, truth.logits.values, 1e-5);
  const theirs = await (await loadModel(readFileSync(file))).run({ pixels: truth.pixels });
  assertNear(results['logits']!.values, theirs['logits']!.values, 1e-6);
  const largest = Math.max(...Object.values(truth.gradients).map(({ norm }) => norm));
  // The weights of dense layers are turned over in the file, under names that are made up.
  const compared = Object.entries(truth.gradients).filter(([name]) => parameters.has(name));
  assert.equal(compared.length, Object.keys(truth.gradients).length - 12);
  for (const [name, { norm, places, values }] of compared) {
    const found = places.map((place) => results[name]!.values[place]!);
    const worst = Math.max(...found.map((value, i) => Math.abs(value - values[i]!)));
    assert.ok(worst < 1e-5 * norm + 1e-7 * largest, `${name}: off by ${worst} of ${norm}`);
  }
});

interface Way {
  readonly keys: object;
  /** Parts of names of parameters, all of which are there, and of no others. */
  readonly learned: RegExp;
  /** Weights of the file that change: none but those of its own last layer where that is replaced. */
  readonly isFrozen: boolean;
}

const query = /^model\/model\.vit\.layers\.\d\.attention\.q_proj\.weight\//;
const ways = {
  all: { keys: {}, learned: /^(head|model)\//, isFrozen: false },
  lora: { keys: {}, learned: /^head\/|\/(down|up)$/, isFrozen: true },
  dora: {
    keys: { lora: { rank: 4 } },
    learned: /^head\/|\/(down|up|magnitude)$/,
    isFrozen: true,
  },
} satisfies { readonly [P in Exclude<TrainablePart, 'head'>]: Way };

for (const [trainable, { keys, learned, isFrozen }] of Object.entries(ways)) {
  test(`a ViT learns colours, weights: ${trainable}; it goes on from a checkpoint to the same bits, is measured and exported`, async (t) => {
    const folder = temporaryFolder(t);
    const config = writeConfig(folder, {
      ...{
        recipe: 'finetune',
        model: file,
        trainable,
        ...keys,
        data: writeColouredImages(folder, { train: 24, test: 10 }),
      },
      ...{ batchSize: 16, steps: 60, stepsPerRun: 7, checkpointEvery: 30, evaluateEvery: 0 },
      ...{ device: 'cpu', threads: 1, seed: 3, optimizer: { learningRate: 0.003, emaDecay: 0.8 } },
    });
    const whole = await runTrainer(folder, config, ['name=whole']);
    assert.equal(whole.code, 0, whole.complaint);
    const run = path.join(folder, 'runs', 'whole');
    const resumed = await runTrainer(folder, config, [
      'name=resumed',
      'resume=runs/whole/checkpoints/step_00000030.safetensors',
    ]);
    assert.equal(resumed.code, 0, resumed.complaint);
    const bits = checkpointBits(run);
    assert.deepEqual(checkpointBits(path.join(folder, 'runs', 'resumed')), bits);
    assert.notDeepEqual(checkpointBits(run, 'step_00000030.safetensors'), bits, 'the second half has changed them');

    const opened = await openCheckpoint(path.join(run, 'checkpoints', 'last.safetensors'));
    const names = opened.program.parameters.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => !learned.test(name)),
      [],
    );
    assert.ok(names.includes('head/weight'));
    assert.equal(names.filter((name) => query.test(name)).length, { all: 0, lora: 4, dora: 6 }[trainable]);
    const { metrics } = await measureCheckpoint(opened);
    assert.ok(metrics['test/accuracy']! > 0.8, `accuracy ${metrics['test/accuracy']} of four colours`);
    await assert.rejects(drawSamples(opened), /finetune draws no samples/);

    const exported = readFileSync(path.join(run, 'model.onnx'));
    assert.deepEqual(Buffer.from(exportCheckpoint(opened)), exported);
    assertFrozen(exported, isFrozen);
    await assertAnyBatch(exported);
  });
}

/** Three images at once give what each gives alone. */
async function assertAnyBatch(exported: Uint8Array): Promise<void> {
  const session = await loadModel(exported);
  const size = 16 * 16 * 3;
  const values = Array.from({ length: 3 * size }, (_, i) => (i * i) % 251);
  const logitsOf = async (images: readonly number[]) =>
    (await session.run({ images: { shape: [images.length / size, 16, 16, 3], values: images } }))['logits']!;
  const together = await logitsOf(values);
  assert.deepEqual(together.shape.map(Number), [3, 4]);
  for (const i of [0, 1, 2]) {
    const alone = await logitsOf(values.slice(i * size, (i + 1) * size));
    assertNear(together.values.slice(4 * i, 4 * i + 4), alone.values, 1e-5);
  }
}

/** The weights of the file, but for its own last layer, stand in the exported model bit by bit, or every one of them has changed. */
function assertFrozen(exported: Uint8Array, isFrozen: boolean): void {
  const there = new Set(decodeModel(exported).graph.initializers.map(keyOf));
  const weights = trainableTensors(decodeModel(readFileSync(file))).filter(({ name }) => !name.includes('classifier'));
  assert.ok(weights.length > 30);
  const kept = weights.filter((tensor) => there.has(keyOf(tensor))).map(({ name }) => name);
  assert.deepEqual(kept, isFrozen ? weights.map(({ name }) => name) : []);
}

function keyOf(tensor: OnnxTensor): string {
  const values = Float32Array.from(numbersOf(tensor));
  return `${[...tensor.shape].filter((size) => size !== 1)} ${Buffer.from(values.buffer).toString('base64')}`;
}

function numbersOf({ data, dtype }: OnnxTensor): ArrayLike<number> {
  return unpackNumbers(data, dtype);
}

function assertNear(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(found.length, expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - found[i]!)));
  assert.ok(worst < tolerance * scale, `off by ${worst} of ${scale}`);
}
