import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SweepAxis } from '../../../src/domain/sweep.ts';
import { gridOverrides, gridSize } from '../../../src/scheduler/search/grid.ts';
import { parzen } from '../../../src/scheduler/search/parzen.ts';
import { uniformOf } from '../../../src/scheduler/search/seeded.ts';
import { dimensionOf, overridesAt, type Point, pointOf } from '../../../src/scheduler/search/space.ts';
import { type Observation, randomPoint, tpePoint } from '../../../src/scheduler/search/tpe.ts';

/** Functions that Optuna was run on too: test/fixtures/optuna/record.py. */
const interval = (key: string, low: number, high: number): SweepAxis => ({ key, low, high });
const problems: {
  readonly [name: string]: { readonly axes: readonly SweepAxis[]; loss(values: readonly string[]): number };
} = {
  sphere: {
    axes: [0, 1, 2, 3, 4].map((index) => interval(`x${index}`, -5, 5)),
    loss: (values) => values.reduce((sum, value) => sum + Number(value) ** 2, 0),
  },
  rosenbrock: {
    axes: [interval('x', -2, 2), interval('y', -1, 3)],
    loss: ([x, y]) => (1 - Number(x)) ** 2 + 100 * (Number(y) - Number(x) ** 2) ** 2,
  },
  branin: {
    axes: [interval('x', -5, 10), interval('y', 0, 15)],
    loss: (values) => {
      const [x, y] = values.map(Number) as [number, number];
      const [b, c, t] = [5.1 / (4 * Math.PI ** 2), 5 / Math.PI, 1 / (8 * Math.PI)];
      return (y - b * x * x + c * x - 6) ** 2 + 10 * (1 - t) * Math.cos(x) + 10;
    },
  },
  mixed: {
    axes: [
      { key: 'lr', low: 1e-5, high: 1, log: true },
      { key: 'layers', low: 1, high: 32, integer: true },
      { key: 'kind', values: ['a', 'b', 'c', 'd'] },
    ],
    loss: ([lr, layers, kind]) =>
      (Math.log10(Number(lr)) + 3) ** 2 + ((Number(layers) - 12) / 8) ** 2 + [2, 0, 1, 3]['abcd'.indexOf(kind!)]!,
  },
};

interface Recorded {
  readonly trials: number;
  readonly seeds: number;
  readonly medians: { readonly [name: string]: { readonly tpe: number; readonly random: number } };
}
const recorded = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../fixtures/optuna/medians.json'), 'utf8'),
) as Recorded;

function search(name: string, seed: number, isTpe: boolean): number {
  const { axes, loss } = problems[name]!;
  const space = axes.map(dimensionOf);
  const seen: Observation[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < recorded.trials; trial++) {
    const point = isTpe ? tpePoint(space, seen, seed, trial) : randomPoint(space, seed, trial);
    const value = loss(overridesAt(axes, point).map((override) => override.slice(override.indexOf('=') + 1)));
    seen.push({ point, loss: value });
    best = Math.min(best, value);
  }
  return best;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

for (const name of Object.keys(problems)) {
  test(`${name}: the search beats chance, and reaches what Optuna reached`, (context) => {
    const seeds = Array.from({ length: recorded.seeds }, (_, seed) => seed);
    const ours = median(seeds.map((seed) => search(name, seed, true)));
    const chance = median(seeds.map((seed) => search(name, seed, false)));
    const optuna = recorded.medians[name]!;
    context.diagnostic(
      `ours ${ours.toPrecision(3)}, chance ${chance.toPrecision(3)}, optuna ${optuna.tpe.toPrecision(3)}`,
    );
    const floor = name === 'branin' ? 0.397887 : 0;
    assert.ok(ours < chance, `ours ${ours}, chance ${chance}`);
    // Medians of forty seeds scatter; what matters is that it is the same league.
    assert.ok(ours - floor < 2 * (optuna.tpe - floor) + 0.02, `ours ${ours}, Optuna ${optuna.tpe}`);
    assert.ok(chance < 2.5 * optuna.random && chance > optuna.random / 2.5, 'chance is the same chance');
  });
}

const anyAxis: fc.Arbitrary<SweepAxis> = fc.oneof(
  fc.record({
    key: fc.constant('k'),
    values: fc.uniqueArray(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 5 }),
  }),
  fc
    .record({ low: fc.integer({ min: 1, max: 50 }), span: fc.integer({ min: 0, max: 900 }), log: fc.boolean() })
    .map(({ low, span, log }) => ({ key: 'k', low, high: low + span, log, integer: true })),
  fc
    .record({
      low: fc.double({ min: 1e-6, max: 1, noNaN: true }),
      factor: fc.double({ min: 1.01, max: 1e6, noNaN: true }),
      log: fc.boolean(),
    })
    .map(({ low, factor, log }) => ({ key: 'k', low, high: low * factor, log })),
);

test('every trial lies within its axes, the same seed gives the same search, and a text names its point again', () => {
  fc.assert(
    fc.property(fc.array(anyAxis, { minLength: 1, maxLength: 4 }), fc.integer(), fc.nat(40), (drawn, seed, count) => {
      const axes = drawn.map((axis, index) => ({ ...axis, key: `k${index}` }));
      const space = axes.map(dimensionOf);
      const seen: Observation[] = [];
      for (let trial = 0; trial <= count; trial++) {
        const point: Point = tpePoint(space, seen, seed, trial);
        assert.deepEqual(tpePoint(space, seen, seed, trial), point);
        const overrides = overridesAt(axes, point);
        for (const [index, axis] of axes.entries()) checkText(axis, overrides[index]!.slice(axis.key.length + 1));
        assert.ok(pointOf(axes, overrides) !== undefined);
        // Some run still, some failed, some gave a number that is none.
        const loss = trial % 4 === 3 ? undefined : trial % 7 === 5 ? Number.NaN : (trial * 7919) % 13;
        seen.push({ point, ...(loss === undefined ? {} : { loss }) });
      }
    }),
    { numRuns: 60 },
  );
});

function checkText(axis: SweepAxis, text: string): void {
  if ('values' in axis) assert.ok(axis.values.includes(text));
  else {
    const slack = 1e-5 * Math.abs(axis.high);
    assert.ok(
      Number(text) >= axis.low - slack && Number(text) <= axis.high + slack,
      `${text} of ${axis.low}…${axis.high}`,
    );
    if (axis.integer === true) assert.ok(Number.isInteger(Number(text)));
  }
}

test('a density sums to one over its axis', () => {
  const axis = { kind: 'interval', low: -2, high: 3, log: false, integer: false } as const;
  const density = parzen([axis], [[-1.9], [0.2], [0.21], [2.5]]);
  let sum = 0;
  for (let at = 0; at < 5_000; at++) sum += Math.exp(density.logAt([-2 + (at + 0.5) / 1_000])) / 1_000;
  assert.ok(Math.abs(sum - 1) < 1e-3, `${sum}`);
  const whole = parzen([{ kind: 'interval', low: 0.5, high: 8.5, log: false, integer: true }], [[2], [2], [7]]);
  const total = [1, 2, 3, 4, 5, 6, 7, 8].reduce((all, value) => all + Math.exp(whole.logAt([value])), 0);
  assert.ok(Math.abs(total - 1) < 1e-3, `${total}`);
  const choice = parzen([{ kind: 'choice', size: 3 }], [[1], [1], [0]]);
  assert.ok(Math.abs([0, 1, 2].reduce((all, value) => all + Math.exp(choice.logAt([value])), 0) - 1) < 1e-9);
});

test('random numbers are uniform and differ from trial to trial', () => {
  const uniform = uniformOf(1, 0);
  const bins = new Array(10).fill(0);
  for (let draw = 0; draw < 100_000; draw++) bins[Math.floor(uniform() * 10)]++;
  for (const bin of bins) assert.ok(Math.abs(bin - 10_000) < 500, `${bins}`);
  assert.equal(new Set(Array.from({ length: 1_000 }, (_, trial) => uniformOf(7, trial)())).size, 1_000);
});

test('a grid is every combination once, the last axis turning fastest, as Hydra orders them', () => {
  const axes = [
    { key: 'model', values: ['unet', 'dit'] },
    { key: 'lr', values: ['1e-3', '1e-4', '1e-5'] },
  ];
  assert.equal(gridSize(axes), 6);
  assert.deepEqual(
    Array.from({ length: 6 }, (_, index) => gridOverrides(axes, index).join(' ')),
    ['unet lr=1e-3', 'unet lr=1e-4', 'unet lr=1e-5', 'dit lr=1e-3', 'dit lr=1e-4', 'dit lr=1e-5'].map(
      (rest) => `model=${rest}`,
    ),
  );
  assert.equal(gridSize([...axes, { key: 'x', low: 0, high: 1 }]), Number.POSITIVE_INFINITY);
});
