import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gather, reduceSum } from '../../../../src/graph/index.ts';
import { type OptimizerSettings, optimizerNames, type StepInputs } from '../../../../src/recipes/recipe.ts';
import { BatchLoader } from '../../../../src/trainer/data/batches.ts';
import { LabelledImages } from '../../../../src/trainer/data/images/labelledImages.ts';
import { KernelState } from '../../../../src/trainer/engine/kernelState.ts';
import { updatePlace } from '../../../../src/trainer/engine/stepFor.ts';
import { stateKeys } from '../../../../src/trainer/engine/stepNames.ts';
import { fusedStepsOf, programOf, squaredDistance } from '../stepSupport.ts';

const settings: OptimizerSettings = {
  kind: 'adamw',
  learningRate: 0.05,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-6,
  weightDecay: 0.1,
  warmupSteps: 2,
  schedule: 'constant',
  finalFraction: 1,
  clipNorm: 0,
  emaDecay: 0.9,
};

/** Tensors of sizes that fill no whole line of the kernel's memory; `table` decays in a group of its own. */
function program(optimizer: OptimizerSettings, sizes: readonly [number, number, number] = [3, 17, 40]) {
  const [bias, weight, table] = sizes;
  const values = (count: number) => ({
    kind: 'values' as const,
    values: Array.from({ length: count }, (_, i) => Math.sin(i + count)),
  });
  const specs = [
    { name: 'bias', shape: [bias], initializer: values(bias), decay: false },
    { name: 'weight', shape: [weight, 1], initializer: values(weight), decay: true },
    { name: 'table', shape: [1, table], initializer: values(table), decay: true },
  ];
  const goal = (count: number) => ({
    goal: Array.from({ length: count }, (_, i) => Math.cos(i)),
    weight: Array.from({ length: count }, (_, i) => 0.1 + (i % 7)),
  });
  const goals = { bias: goal(bias), weight: goal(weight), table: goal(table) };
  return programOf(specs, optimizer, (inputs) => squaredDistance(inputs, goals));
}

/** Four images of one pixel. */
function labelled(labels: readonly number[]): LabelledImages {
  const given = {
    images: new Uint8Array(4),
    labels: Uint8Array.from(labels),
    shape: [4, 1, 1, 1],
    classes: 4,
  } as const;
  return new LabelledImages({ name: 'train', path: '', ...given });
}

test('updates by the kernel give the bits of those by the model, for every rule, size and grouping', async () => {
  const sizes = fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 70 }),
    fc.integer({ min: 1, max: 40 }),
  );
  const rule = fc.constantFrom(...optimizerNames.filter((name) => name !== 'muon'));
  const groups = fc.constantFrom([], [{ pattern: 'table', weightDecay: 0.3 }]);
  await fc.assert(
    fc.asyncProperty(
      rule,
      sizes,
      groups,
      fc.constantFrom(0, 20, 1000),
      async (kind, size, decayGroups, smallestPart) => {
        const given = program({ ...settings, kind, decayGroups }, size);
        const [model, kernel] = await Promise.all(
          (['model', 'kernel'] as const).map(async (updates) => {
            const { steps, first } = fusedStepsOf(given, { smallestPart, totalSteps: 8, updates });
            const result = await steps.run(first, 5);
            steps.dispose();
            return result;
          }),
        );
        for (const key of stateKeys) assert.deepEqual(kernel!.state.vectors[key], model!.state.vectors[key], key);
        assert.deepEqual(kernel!.metrics.get('train/loss'), model!.metrics.get('train/loss'));
        const norms = [kernel!, model!].map(({ metrics }) => metrics.get('train/grad_norm')!);
        for (const [i, norm] of norms[0]!.entries()) assert.ok(Math.abs(norm - norms[1]![i]!) <= 1e-6 * norm);
      },
    ),
    { numRuns: 40 },
  );
});

test('a state that a call began with stays as it is, also where it lies in the memory of the kernel', async () => {
  const { steps, first } = fusedStepsOf(program(settings), { totalSteps: 20 });
  const one = (await steps.advance(steps.hold(first), 3)).state;
  assert.ok(one instanceof KernelState);
  const before = await one.download();
  const two = (await steps.advance(one, 4)).state;
  assert.deepEqual(await one.download(), before);
  // A third state finds no place beside the two: the oldest that is not needed goes on in arrays.
  const three = (await steps.advance(two, 2)).state;
  assert.equal((one as KernelState).index, undefined);
  assert.deepEqual(await one.download(), before);
  assert.deepEqual(await one.average(), before.vectors.average);
  const again = (await steps.advance(one, 6)).state;
  assert.deepEqual((await again.download()).vectors, (await three.download()).vectors);
  for (const state of [one, two, three, again]) state.dispose();
  await assert.rejects(three.download(), /given back/);
  steps.dispose();
});

test('a call that fails in its second step leaves the state that it began with, and the next one goes on from it', async () => {
  const order = new BatchLoader(labelled([0, 0, 0, 0]), 0).numbers(0, 4);
  const labels = [0, 1, 2, 0];
  // The table lacks a row for this class, which ONNX Runtime refuses in the third step.
  labels[order[2]!] = 3;
  const table = { name: 'table', shape: [3], initializer: { kind: 'ones' } as const, decay: true };
  const loss = ({ parameters, batch }: StepInputs) =>
    reduceSum(gather(parameters('table'), batch['labels']!, 0), undefined, false);
  const given = { totalSteps: 20, data: labelled(labels) };
  const { steps, first } = fusedStepsOf(programOf([table], settings, loss), given);
  const one = (await steps.advance(steps.hold(first), 1)).state;
  const { vectors } = await one.download();
  await assert.rejects(steps.advance(one, 3), /indic/);
  assert.deepEqual((await one.download()).vectors, vectors);
  const two = (await steps.advance(one, 1)).state;
  assert.deepEqual((await two.download()).vectors, (await steps.run(first, 2)).state.vectors);
  steps.dispose();
});

test('without averaged weights the parameters stand for them, and nothing is kept', async () => {
  const { steps, first } = fusedStepsOf(program({ ...settings, emaDecay: 0 }), { totalSteps: 20 });
  const { state } = await steps.advance(steps.hold(first), 3);
  const { vectors } = await state.download();
  assert.deepEqual(vectors.average, vectors.parameters);
  assert.deepEqual(await state.average(), vectors.parameters);
  assert.notDeepEqual(vectors.parameters, first.vectors.parameters);
  steps.dispose();
});

test('a gradient that is not a number is told, and makes the state so, as in the model', async () => {
  const { steps, first } = fusedStepsOf(program({ ...settings, clipNorm: 1 }), { totalSteps: 20 });
  first.vectors.parameters[1] = Number.NaN;
  const { state, metrics } = await steps.run(first, 2);
  assert.ok(Number.isNaN(metrics.get('train/loss')![0]));
  assert.ok(Number.isNaN(metrics.get('train/grad_norm')![0]));
  assert.ok(state.vectors.parameters.every(Number.isNaN));
  steps.dispose();
});

test('the kernel is for the CPU and for the rules that it has, and not for losses that are scaled', () => {
  const { parameters } = program(settings);
  const place = (device: 'cpu' | 'cuda', changed: Partial<OptimizerSettings>, numbers = {}) =>
    updatePlace(device, { ...settings, ...changed }, parameters, numbers);
  assert.equal(place('cpu', {}), 'kernel');
  assert.equal(place('cpu', { kind: 'lion' }), 'kernel');
  assert.equal(place('cuda', {}), 'model');
  const muon = { learningRate: 0.02, momentum: 0.95, except: [] };
  assert.equal(place('cpu', { kind: 'muon', muon }), 'model');
  assert.equal(place('cpu', {}, { precision: { type: 'float16' } }), 'model');
  const large = [{ name: 'w', shape: [120_000_000], initializer: { kind: 'zeros' } as const, decay: true }];
  assert.equal(updatePlace('cpu', settings, large, {}), 'model');
});
