import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Graph, sizeOf } from '../../../src/graph/index.ts';
import type { ParameterSpec } from '../../../src/nn/scope.ts';
import type { OptimizerSettings } from '../../../src/recipes/recipe.ts';
import { orthogonalized } from '../../../src/trainer/engine/muon.ts';
import { groupsOf, matchesName } from '../../../src/trainer/engine/updateGroups.ts';
import { evaluate } from '../graph/runtime.ts';
import { fusedStepsOf, programOf, squaredDistance } from './stepSupport.ts';

/** As in test/fixtures/optimizer/record.py. */
const settings: OptimizerSettings = {
  kind: 'muon',
  learningRate: 0.03,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-6,
  weightDecay: 0.1,
  warmupSteps: 3,
  schedule: 'constant',
  finalFraction: 1,
  clipNorm: 3,
  emaDecay: 0,
  muon: { learningRate: 0.1, momentum: 0.9, except: ['output/*'] },
};
const shapes = {
  'embedding/table': [7, 3],
  'layer0/weight': [6, 4],
  'layer0/bias': [4],
  'layer1/weight': [4, 6],
  'layer2/weight': [6, 4],
  'conv/weight': [5, 3, 2, 2],
  'output/weight': [4, 3],
} as const;
const numbers = (shape: readonly number[], at: (i: number) => number) =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => at(i));
const specs: readonly ParameterSpec[] = Object.entries(shapes).map(([name, shape], k) => ({
  name,
  shape,
  initializer: { kind: 'values', values: numbers(shape, (i) => 0.5 * Math.sin(0.9 * i + 1.3 * k)) },
  decay: /(layer|conv|output).*weight/.test(name),
}));
const goals = Object.fromEntries(
  Object.entries(shapes).map(([name, shape], k) => [
    name,
    {
      goal: numbers(shape, (i) => Math.cos(0.7 * i + k)),
      weight: numbers(shape, (i) => 1 + 0.5 * Math.sin(i)),
    },
  ]),
);

interface Recorded {
  readonly losses: readonly number[];
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}
const truth = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../fixtures/optimizer/muon.json'), 'utf8'),
) as Recorded;

test('Muon with AdamW for the rest ends where the published algorithm does, losses and parameters', async () => {
  const program = programOf(specs, settings, (inputs) => squaredDistance(inputs, goals));
  for (const smallestPart of [100, 0]) {
    const { steps, first, step } = fusedStepsOf(program, { smallestPart, totalSteps: 12 });
    const { state, metrics } = await steps.run(first, 12);
    const losses = metrics.get('train/loss')!;
    for (const [i, loss] of truth.losses.entries()) assert.ok(Math.abs(losses[i]! - loss) < 1e-5 * loss, `step ${i}`);
    for (const { name, offset, size } of step.layout) {
      const values = state.vectors.parameters.subarray(offset, offset + size);
      for (const [i, expected] of truth.parameters[name]!.entries()) {
        // Five rounds make the rounding errors of small singular values some hundred times larger.
        assert.ok(Math.abs(values[i]! - expected) < 1e-4, `${name}[${i}]: ${values[i]} against ${expected}`);
      }
    }
    steps.dispose();
  }
});

test('matrices of one shape are orthogonalized together, as a part of their own, and first and last layers are not', () => {
  const { step } = fusedStepsOf(
    programOf(specs, settings, (inputs) => squaredDistance(inputs, goals)),
    { totalSteps: 1 },
  );
  const byGroup = step.parts.map(({ slots, group }) => [step.groups[group]!.kind, slots.map(({ name }) => name)]);
  assert.deepEqual(byGroup, [
    ['adamw', ['embedding/table', 'layer0/bias']],
    ['muon', ['layer0/weight', 'layer2/weight']],
    ['muon', ['layer1/weight']],
    ['muon', ['conv/weight']],
    ['adamw', ['output/weight']],
  ]);
});

test('singular values of any matrix are brought near 1', async () => {
  const matrix = fc.tuple(fc.integer({ min: 2, max: 7 }), fc.integer({ min: 2, max: 7 }), fc.integer());
  await fc.assert(
    fc.asyncProperty(matrix, async ([rows, columns, seed]) => {
      const graph = new Graph();
      const x = graph.input('x', [rows * columns]);
      const y = orthogonalized(x, { shape: [1, rows, columns], gain: 1 }, 1e-7);
      const values = numbers(x.shape, (i) => Math.sin(seed + 1.7 * i * i + i));
      const made = (await evaluate({ y }, { x: { shape: x.shape, values } }))['y']!.values;
      // The squared lengths of the shorter side's vectors lie between the smallest and largest squared singular value.
      const short = Math.min(rows, columns);
      for (let i = 0; i < short; i++) {
        let square = 0;
        for (let j = 0; j < Math.max(rows, columns); j++) {
          square += made[rows <= columns ? i * columns + j : j * columns + i]! ** 2;
        }
        assert.ok(square < 1.25 ** 2, `a vector of length ${Math.sqrt(square)}`);
      }
      const total = made.reduce((sum, value) => sum + value * value, 0);
      assert.ok(total > 0.3, `the matrix has the norm ${Math.sqrt(total)}`);
    }),
    { numRuns: 25 },
  );
});

test('decays follow the first pattern that fits a name, and can make what never decayed decay', async () => {
  const decayGroups = [
    { pattern: '*bias', weightDecay: 0.5 },
    { pattern: 'layer0/*', weightDecay: 0 },
    { pattern: '*', weightDecay: 0.1 },
  ];
  const changed = { ...settings, kind: 'sgd' as const, clipNorm: 0, decayGroups };
  const groups = groupsOf(changed, specs);
  const decayOf = (name: string) => {
    const { group, decays } = groups.of.get(name)!;
    return decays ? groups.settings[group]!.weightDecay : 0;
  };
  assert.deepEqual(Object.keys(shapes).map(decayOf), [0.1, 0, 0.5, 0.1, 0.1, 0.1, 0.1]);
  // Without a loss that depends on them, parameters only decay: by 1 − rate · decay at each step.
  const program = programOf(specs, { ...changed, warmupSteps: 0 }, (inputs) =>
    squaredDistance(inputs, { 'layer1/weight': goals['layer1/weight']! }),
  );
  const { steps, first, step } = fusedStepsOf(program, { totalSteps: 4 });
  const { state } = await steps.run(first, 4);
  for (const { name, offset } of step.layout.filter((slot) => slot.name !== 'layer1/weight')) {
    const kept = state.vectors.parameters[offset + 1]! / first.vectors.parameters[offset + 1]!;
    assert.ok(Math.abs(kept - (1 - 0.03 * decayOf(name)) ** 4) < 1e-6, `${name} kept ${kept}`);
  }
  steps.dispose();
});

test('a star in a pattern stands for any text, and everything else for itself', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['out/*', 'out/weight', true],
    ['out/*', 'layer0/out/weight', false],
    ['*out/*', 'layer0/out/weight', true],
    ['layer.', 'layer0', false],
    ['a+b', 'a+b', true],
    ['*', '', true],
  ];
  for (const [pattern, name, fits] of cases) assert.equal(matchesName(pattern, name), fits, `${pattern} and ${name}`);
});
