import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  add,
  cast,
  gather,
  type HalfType,
  mul,
  oneHot,
  randomNormal,
  reduceMean,
  reduceSum,
  reshape,
  silu,
  sub,
  unorderedSums,
  type Value,
} from '../../../src/graph/index.ts';
import { linear } from '../../../src/nn/layers.ts';
import { crossEntropy } from '../../../src/nn/losses.ts';
import { collectParameters, readingScope, type Scope } from '../../../src/nn/scope.ts';
import type { OptimizerSettings, Program } from '../../../src/recipes/recipe.ts';
import { LabelledImages } from '../../../src/trainer/data/images/labelledImages.ts';
import type { FusedSteps } from '../../../src/trainer/engine/fusedSteps.ts';
import { firstLossScale } from '../../../src/trainer/engine/lossScale.ts';
import { stateKeys } from '../../../src/trainer/engine/stepNames.ts';
import type { StepNumbers } from '../../../src/trainer/engine/stepNumbers.ts';
import type { TrainState } from '../../../src/trainer/engine/trainState.ts';
import { fusedStepsOf, programOf, squaredDistance } from './stepSupport.ts';
import { tinyImages } from './support.ts';

const optimizer: OptimizerSettings = {
  kind: 'adamw',
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.01,
  warmupSteps: 0,
  schedule: 'constant',
  finalFraction: 1,
  clipNorm: 1,
  emaDecay: 0.9,
};

const [examples, side, classes] = [24, 6, 3];
const data = new LabelledImages({
  name: 'train',
  path: '',
  ...tinyImages({ examples, side, classes }),
  shape: [examples, side, side, 1],
  classes,
});

/** A small classifier with a mean loss. With `noise`, its pixels are disturbed by random numbers of the step. */
function classifier(batchSize: number, { noise = 0, factor = 1 } = {}): Program {
  const network = (scope: Scope, pixels: Value) => {
    const flat = reshape(mul(cast(pixels, 'float32'), 1 / 255), [pixels.shape[0]!, side * side]);
    const hidden = silu(scope.within('hidden', (inner) => linear(inner, flat, 16)));
    return scope.within('output', (inner) => linear(inner, hidden, classes));
  };
  const parameters = collectParameters((scope) => {
    network(scope, scope.graph.input('images', [1, side, side, 1], 'uint8'));
  });
  const program = programOf(parameters, optimizer, (inputs) => {
    const { images, labels } = inputs.batch as { images: Value; labels: Value };
    const logits = network(readingScope(inputs.graph, inputs.parameters), images);
    const disturbed = add(logits, mul(randomNormal(inputs.counter, logits.shape, 0), noise));
    return mul(reduceMean(crossEntropy(disturbed, labels), [0], false), factor);
  });
  return { ...program, batchSize };
}

async function train(program: Program, count: number, numbers: StepNumbers = {}, from?: Partial<TrainState>) {
  const { steps, first } = fusedStepsOf(program, { totalSteps: count, numbers, data });
  const result = await steps.run({ ...first, ...from }, count);
  steps.dispose();
  return result;
}

function furthest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

test('a batch in parts gives the steps of the whole batch but for rounding, in whatever parts and from the same examples', async () => {
  const whole = await train(classifier(12), 6);
  for (const accumulate of [2, 3, 12]) {
    const parts = await train(classifier(12 / accumulate), 6, { accumulate });
    assert.deepEqual([parts.state.step, parts.state.position], [6, 72]);
    for (const tag of ['train/loss', 'train/grad_norm']) {
      const apart = furthest(parts.metrics.get(tag)!, whole.metrics.get(tag)!);
      assert.ok(apart < 2e-6, `${tag} of ${accumulate} parts: ${apart}`);
    }
    // AdamW divides small gradients by their size, which makes their rounding errors larger.
    const apart = furthest(parts.state.vectors.parameters, whole.state.vectors.parameters);
    assert.ok(apart < 1e-4, `parameters of ${accumulate} parts: ${apart}`);
  }
});

test('the gradient of a batch in parts is the mean of theirs, for any parts', async () => {
  const sizes = fc.record({ accumulate: fc.integer({ min: 2, max: 6 }), part: fc.integer({ min: 1, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 0, max: 1000 }), async ({ accumulate, part }, position) => {
      const plain = { ...optimizer, kind: 'sgd' as const, clipNorm: 0, weightDecay: 0, learningRate: 1 };
      const [whole, parts] = await Promise.all([
        train({ ...classifier(accumulate * part), optimizer: plain }, 1, {}, { position }),
        train({ ...classifier(part), optimizer: plain }, 1, { accumulate }, { position }),
      ]);
      // With momentum from zero and a rate of 1 the sum of gradients is the gradient itself.
      assert.ok(furthest(whole.state.vectors.gradientSum, parts.state.vectors.gradientSum) < 1e-6);
    }),
    { numRuns: 12 },
  );
});

test('each part of a batch draws random numbers of its own, the same in every run', async () => {
  const noise = { noise: 1 };
  const two = await train(classifier(1, noise), 2, { accumulate: 2 });
  const four = await train(classifier(1, noise), 1, { accumulate: 4 });
  const first = await train(classifier(1, noise), 1, { accumulate: 1 });
  const all = [two.metrics, four.metrics, first.metrics].map((metrics) => metrics.get('train/loss')![0]!);
  assert.equal(new Set(all).size, 3);
  const again = await train(classifier(1, noise), 2, { accumulate: 2 });
  assert.deepEqual(again.metrics.get('train/loss'), two.metrics.get('train/loss'));
});

for (const type of ['float16', 'bfloat16'] as const) {
  test(`with products in ${type} a run takes nearly the course of float32, and not the same one`, async () => {
    const exact = await train(classifier(8), 40);
    const rounded = await train(classifier(8), 40, { precision: { type, emulated: true } });
    const [a, b] = [exact.metrics.get('train/loss')!, rounded.metrics.get('train/loss')!];
    assert.ok(a[39]! < 0.5 * a[0]!, `the loss falls: ${a[0]} to ${a[39]}`);
    const apart = furthest(a, b);
    assert.ok(apart > 0 && apart < (type === 'float16' ? 2e-3 : 2e-2), `${apart} apart`);
    assert.deepEqual(
      [...(rounded.metrics.get('train/loss_scale') ?? [])].length,
      type === 'float16' ? 40 : 0,
      'only float16 scales its loss',
    );
  });
}

const float16 = { precision: { type: 'float16' as HalfType, emulated: true } };

test('gradients that are too small for float16 arrive with a scaled loss, and would be lost without', async () => {
  const factor = 2 ** -22;
  const exact = await train(classifier(8, { factor }), 1);
  const scaled = await train(classifier(8, { factor }), 1, float16);
  const unscaled = await train(classifier(8, { factor }), 1, float16, { lossScale: { scale: 1, goodSteps: 0 } });
  const norm = (result: typeof exact) => result.metrics.get('train/grad_norm')![0]!;
  assert.ok(Math.abs(norm(scaled) / norm(exact) - 1) < 0.01, `${norm(scaled)} against ${norm(exact)}`);
  assert.ok(Math.abs(norm(unscaled) / norm(exact) - 1) > 0.1, `${norm(unscaled)} against ${norm(exact)}`);
});

test('a step whose gradient overflows is skipped with all of its state, and the scale is halved until steps are good', async () => {
  const program = classifier(8, { factor: 64 });
  const { steps, first } = fusedStepsOf(program, { totalSteps: 12, numbers: float16, data });
  const { state, metrics } = await steps.run(first, 12);
  const scales = [...metrics.get('train/loss_scale')!];
  const norms = [...metrics.get('train/grad_norm')!];
  assert.equal(scales[0], firstLossScale.scale);
  const skipped = norms.findIndex((norm) => Number.isFinite(norm));
  assert.ok(skipped > 0, 'some steps were skipped');
  for (let i = 1; i <= skipped; i++) assert.equal(scales[i], scales[i - 1]! / 2);
  assert.ok(norms.slice(skipped).every((norm) => Number.isFinite(norm)));
  assert.deepEqual(state.lossScale, { scale: scales[skipped]!, goodSteps: 12 - skipped });
  assert.ok([...metrics.get('train/loss')!].every((loss) => Number.isFinite(loss)));
  const alone = await steps.run(first, 1);
  for (const key of stateKeys) assert.deepEqual(alone.state.vectors[key], first.vectors[key]);
  steps.dispose();
});

test('the scale is doubled after 2000 good steps', async () => {
  const from = { lossScale: { scale: 1024, goodSteps: 1998 } };
  const { state, metrics } = await train(classifier(8), 3, float16, from);
  assert.deepEqual([...metrics.get('train/loss_scale')!], [1024, 1024, 2048]);
  assert.deepEqual(state.lossScale, { scale: 2048, goodSteps: 1 });
});

test('steps grouped in any way end with the same bits, also with float16 and parts of a batch', async () => {
  const numbers = { ...float16, accumulate: 3 };
  const { steps, first } = fusedStepsOf(classifier(2, { noise: 0.1, factor: 64 }), { totalSteps: 9, numbers, data });
  const whole = await steps.run(first, 9);
  const grouped = await inGroups(steps, first, [1, 4, 2, 2]);
  assert.deepEqual(grouped.lossScale, whole.state.lossScale);
  for (const key of stateKeys) assert.deepEqual(grouped.vectors[key], whole.state.vectors[key]);
  steps.dispose();
});

async function inGroups(steps: FusedSteps, first: TrainState, counts: readonly number[]): Promise<TrainState> {
  let state = first;
  for (const count of counts) state = (await steps.run(state, count)).state;
  return state;
}

/** A table whose rows are picked by labels, several times the same one. */
function embedding(): Program {
  const values = { kind: 'normal', std: 1 } as const;
  const parameters = [{ name: 'table', shape: [classes, 5], initializer: values, decay: false }];
  return {
    ...programOf(parameters, optimizer, (inputs) => {
      const rows = gather(inputs.parameters('table'), inputs.batch['labels']!);
      const off = sub(rows, oneHot(inputs.batch['labels']!, 5));
      const distance = squaredDistance(inputs, { table: { goal: new Float32Array(classes * 5) } });
      return add(reduceSum(mul(off, off), undefined, false), mul(distance, 0.1));
    }),
    batchSize: 8,
  };
}

test('sums of rows in one order are those in any order but for rounding, and no scatter is left, in parts of a batch neither', async () => {
  const free = await train(embedding(), 5);
  const leftOf = (numbers: StepNumbers) => {
    const { step, steps } = fusedStepsOf(embedding(), { totalSteps: 1, numbers, data });
    steps.dispose();
    return unorderedSums(Object.values(step.scan.perStep)).length;
  };
  assert.equal(leftOf({}), 1);
  assert.equal(leftOf({ accumulate: 2 }), 1);
  for (const numbers of [{ ordered: true }, { ordered: true, accumulate: 2 }]) assert.equal(leftOf(numbers), 0);
  const ordered = await train(embedding(), 5, { ordered: true });
  assert.ok(furthest(free.state.vectors.parameters, ordered.state.vectors.parameters) < 1e-6);
});
