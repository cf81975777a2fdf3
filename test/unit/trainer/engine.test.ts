import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  emaDecayAt,
  learningRateAt,
  type OptimizerName,
  type OptimizerSettings,
  optimizerNames,
  type Program,
} from '../../../src/recipes/recipe.ts';
import { scheduleAt, scheduleNames } from '../../../src/trainer/engine/optimizer.ts';
import { stateKeys } from '../../../src/trainer/engine/stepNames.ts';
import { initialState, nonFiniteVector } from '../../../src/trainer/engine/trainState.ts';
import type { UpdatePlace } from '../../../src/trainer/engine/trainStep.ts';
import { affordableSteps, stepsOfNextCall } from '../../../src/trainer/run/callPlan.ts';
import { fusedStepsOf, programOf, squaredDistance } from './stepSupport.ts';

const settings: OptimizerSettings = {
  kind: 'adamw',
  learningRate: 0.05,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-6,
  weightDecay: 0.1,
  warmupSteps: 5,
  schedule: 'cosine',
  finalFraction: 0.1,
  clipNorm: 1.5,
  emaDecay: 0.9,
};
const target = [3, -2, 0.5, 1];
const start = [1, 1, -1, 2];
const totalSteps = 30;

/** Three parameters, of which the outer ones decay; the loss is the squared distance to a target, so that the gradient is known. */
function quadratic(optimizer: OptimizerSettings): Program {
  const values = (from: number, to: number) => ({ kind: 'values', values: start.slice(from, to) }) as const;
  const parameters = [
    { name: 'kernel', shape: [2], initializer: values(0, 2), decay: true },
    { name: 'bias', shape: [1], initializer: values(2, 3), decay: false },
    { name: 'gate', shape: [1], initializer: values(3, 4), decay: true },
  ];
  const goals = {
    kernel: { goal: target.slice(0, 2) },
    bias: { goal: target.slice(2, 3) },
    gate: { goal: target.slice(3) },
  };
  return programOf(parameters, optimizer, (inputs) => squaredDistance(inputs, goals));
}

const places = ['model', 'kernel'] as const satisfies readonly UpdatePlace[];

function fusedSteps(optimizer: OptimizerSettings, updates: UpdatePlace, smallestPart = 100) {
  return fusedStepsOf(quadratic(optimizer), { smallestPart, totalSteps, updates });
}

/** Those that treat each number by itself; for Muon see muon.test.ts. */
type PlainName = Exclude<OptimizerName, 'muon'>;
const plainNames = optimizerNames.filter((name) => name !== 'muon');

/** The published algorithms in float64, with clipping and averaged weights, for one parameter at a time: gradient g, its moments and the step. */
const published: {
  readonly [Name in PlainName]: (
    settings: OptimizerSettings,
    g: number,
    moments: { m: number; v: number },
    step: number,
  ) => number;
} = {
  adamw: ({ beta1, beta2, epsilon }, g, moments, step) => {
    moments.m = beta1 * moments.m + (1 - beta1) * g;
    moments.v = beta2 * moments.v + (1 - beta2) * g * g;
    const mHat = moments.m / (1 - beta1 ** (step + 1));
    const vHat = moments.v / (1 - beta2 ** (step + 1));
    return mHat / (Math.sqrt(vHat) + epsilon);
  },
  sgd: ({ beta1 }, g, moments) => {
    moments.m = beta1 * moments.m + g;
    return moments.m;
  },
  lion: ({ beta1, beta2 }, g, moments) => {
    const update = Math.sign(beta1 * moments.m + (1 - beta1) * g);
    moments.m = beta2 * moments.m + (1 - beta2) * g;
    return update;
  },
};

/** By what the sums that the engine keeps are larger than the published moments. */
const factors: { readonly [Name in PlainName]: (settings: OptimizerSettings) => readonly [number, number] } = {
  adamw: ({ beta1, beta2 }) => [1 / (1 - beta1), 1 / (1 - beta2)],
  sgd: () => [1, 1],
  lion: ({ beta2 }) => [1 / (1 - beta2), 1],
};

function reference(optimizer: OptimizerSettings, count: number) {
  const kind = optimizer.kind as PlainName;
  const { weightDecay, clipNorm } = optimizer;
  const p = [...start];
  const moments = start.map(() => ({ m: 0, v: 0 }));
  const average = [...start];
  for (let step = 0; step < count; step++) {
    const rate = learningRateAt(optimizer, step, totalSteps);
    const gradient = p.map((value, i) => 2 * (value - target[i]!));
    const norm = Math.hypot(...gradient);
    const scale = clipNorm === 0 ? 1 : Math.min(1, clipNorm / norm);
    const decay = emaDecayAt(optimizer.emaDecay, step);
    for (let i = 0; i < 4; i++) {
      const shrunk = i !== 2 ? rate * weightDecay * p[i]! : 0;
      p[i] = p[i]! - rate * published[kind](optimizer, gradient[i]! * scale, moments[i]!, step) - shrunk;
      average[i] = decay * average[i]! + (1 - decay) * p[i]!;
    }
  }
  const [first, second] = factors[kind](optimizer);
  const gradientSum = moments.map(({ m }) => m * first);
  const squareSum = moments.map(({ v }) => v * second);
  return { parameters: p, gradientSum, squareSum, average };
}

function assertClose(key: string, values: Float32Array, expected: readonly number[]): void {
  assert.equal(values.length, expected.length);
  values.forEach((value, i) => {
    const allowed = 2e-5 * Math.max(1, Math.abs(value));
    assert.ok(Math.abs(value - expected[i]!) < allowed, `${key}[${i}]: ${value} against ${expected[i]}`);
  });
}

const changes: readonly Partial<OptimizerSettings>[] = [
  {},
  { weightDecay: 0 },
  { clipNorm: 0 },
  { warmupSteps: 0, schedule: 'linear' },
  { emaDecay: 0 },
];

for (const kind of plainNames) {
  for (const place of places) {
    test(`${kind} by the ${place} follows the published algorithm, with and without decay and clipping`, async () => {
      for (const changed of changes) await checkOptimizer({ ...settings, kind, ...changed }, place);
    });
  }
}

async function checkOptimizer(optimizer: OptimizerSettings, place: UpdatePlace): Promise<void> {
  const { steps, first } = fusedSteps(optimizer, place);
  const { state } = await steps.run(first, totalSteps);
  const expected = reference(optimizer, totalSteps);
  for (const key of stateKeys) assertClose(key, state.vectors[key], expected[key]);
  assert.deepEqual([state.step, state.position], [totalSteps, totalSteps]);
  steps.dispose();
}

for (const place of places) {
  test(`steps by the ${place}, grouped in any way, end with the same bits, and their metrics are the same`, async () => {
    const { steps, first } = fusedSteps(settings, place);
    const whole = await steps.run(first, totalSteps);
    const losses: number[] = [];
    let state = first;
    for (const count of [1, 7, 7, 2, 1, 12]) {
      const result = await steps.run(state, count);
      losses.push(...result.metrics.get('train/loss')!);
      state = result.state;
    }
    assert.deepEqual(losses, [...whole.metrics.get('train/loss')!]);
    for (const key of stateKeys) assert.deepEqual(state.vectors[key], whole.state.vectors[key]);
    // The state that a call starts from stays as it was.
    assert.deepEqual([...first.vectors.parameters], start);
    steps.dispose();
  });
}

test('tensors with optimizer state of their own are trained as they are in shared vectors', async () => {
  const expected = reference(settings, totalSteps);
  for (const place of places) {
    for (const smallestPart of [2, 0]) {
      const { steps, first } = fusedSteps(settings, place, smallestPart);
      const { state } = await steps.run(first, totalSteps);
      for (const key of stateKeys) assertClose(key, state.vectors[key], expected[key]);
      steps.dispose();
    }
  }
});

for (const place of places) {
  test(`what every step by the ${place} logs: loss, gradient norm before clipping, learning rate`, async () => {
    const { steps, first } = fusedSteps(settings, place);
    const { metrics } = await steps.run(first, 3);
    const gradient = start.map((value, i) => 2 * (value - target[i]!));
    assert.ok(
      Math.abs(metrics.get('train/loss')![0]! - start.reduce((sum, value, i) => sum + (value - target[i]!) ** 2, 0)) <
        1e-5,
    );
    assert.ok(Math.abs(metrics.get('train/grad_norm')![0]! - Math.hypot(...gradient)) < 1e-5);
    assert.deepEqual([...metrics.get('train/lr')!], [0.01, 0.02, 0.03].map(Math.fround));
    steps.dispose();
  });
}

test('the schedule rises, falls and ends where it should', () => {
  const at = (step: number) => scheduleAt(settings, step, totalSteps);
  // The highest learning rate is reached with the fifth step, the tenth part of it at the end.
  assert.ok(Math.abs(at(4).weightKept - (1 - 0.05 * 0.1)) < 1e-12);
  assert.ok(Math.abs(at(totalSteps - 1).weightKept - (1 - 0.005 * 0.1)) < 1e-12);
  assert.deepEqual(Object.keys(at(0)).sort(), [...scheduleNames].sort());
});

test('a vector with a value that is not a number is found', () => {
  const state = initialState(Float32Array.of(1, 2));
  assert.equal(nonFiniteVector(state), undefined);
  state.vectors.squareSum[1] = Number.POSITIVE_INFINITY;
  assert.equal(nonFiniteVector(state), 'squareSum');
});

test('calls are short enough to be stopped: one step first, then as many as take four seconds', () => {
  assert.equal(affordableSteps(20, undefined), 1);
  assert.equal(affordableSteps(20, 0.05), 20);
  assert.equal(affordableSteps(20, 0.3), 10);
  assert.equal(affordableSteps(20, 1.2), 3);
  assert.equal(affordableSteps(20, 60), 1);
});

test('calls end where something is due and at the last step, and are never longer than asked for', () => {
  const every = fc.integer({ min: 0, max: 50 });
  const property = fc.property(
    fc.record({
      steps: fc.integer({ min: 1, max: 200 }),
      stepsPerRun: fc.integer({ min: 1, max: 30 }),
      checkpointEvery: every,
      sampleEvery: every,
      evaluateEvery: every,
    }),
    (plan) => {
      const run = {
        ...plan,
        name: '',
        seed: 0,
        device: 'cpu',
        threads: 1,
        recompute: 'auto',
        dataThreads: 0,
        precision: 'fp32',
        accumulate: 1,
        deterministic: false,
        logEvery: 1,
        keepCheckpoints: 1,
        profile: false,
        resume: '',
      } as const;
      const ends = new Set<number>();
      for (let done = 0; done < run.steps; ) {
        const count = stepsOfNextCall(run, done, run.stepsPerRun);
        assert.ok(count >= 1 && count <= run.stepsPerRun);
        done += count;
        ends.add(done);
      }
      for (const interval of [run.checkpointEvery, run.sampleEvery, run.evaluateEvery].filter((each) => each > 0)) {
        for (let due = interval; due <= run.steps; due += interval) assert.ok(ends.has(due));
      }
      assert.equal(Math.max(...ends), run.steps);
    },
  );
  fc.assert(property);
});
