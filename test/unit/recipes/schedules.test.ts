import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emaDecayAt, learningRateAt, type OptimizerSettings, randomCounter } from '../../../src/recipes/recipe.ts';

const settings: OptimizerSettings = {
  kind: 'adamw',
  learningRate: 2,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  warmupSteps: 4,
  schedule: 'cosine',
  finalFraction: 0.1,
  clipNorm: 1,
  emaDecay: 0.99,
};

test('the learning rate rises in a line and falls by a cosine to its last part', () => {
  const rates = Array.from({ length: 13 }, (_, step) => learningRateAt(settings, step, 13));
  assert.deepEqual(rates.slice(0, 4), [0.5, 1, 1.5, 2]);
  assert.equal(rates[4], 2);
  assert.ok(Math.abs(rates[8]! - 1.1) < 1e-12, 'half of the way: the mean of 2 and 0.2');
  assert.ok(Math.abs(rates[12]! - 0.2) < 1e-12);
  for (let step = 5; step < 13; step++) assert.ok(rates[step]! < rates[step - 1]!);
});

test('constant and linear schedules', () => {
  assert.equal(learningRateAt({ ...settings, schedule: 'constant' }, 12, 13), 2);
  assert.ok(Math.abs(learningRateAt({ ...settings, schedule: 'linear' }, 8, 13) - 1.1) < 1e-12);
  assert.equal(learningRateAt({ ...settings, warmupSteps: 0 }, 0, 13), 2);
  assert.ok(Number.isFinite(learningRateAt({ ...settings, warmupSteps: 0 }, 0, 1)));
});

test('averaged weights forget their start soon', () => {
  assert.equal(emaDecayAt(0.99, 0), 0.1);
  assert.equal(emaDecayAt(0.99, 100_000), 0.99);
  assert.equal(emaDecayAt(0, 100_000), 0);
});

test('counters of random numbers follow each other within a run and lie apart between seeds', () => {
  assert.equal(randomCounter(5, 8) - randomCounter(5, 0), 8n);
  const starts = Array.from({ length: 100 }, (_, seed) => randomCounter(seed, 0));
  const sorted = [...starts].sort((a, b) => (a < b ? -1 : 1));
  for (let i = 1; i < sorted.length; i++) {
    assert.ok(sorted[i]! - sorted[i - 1]! > 10_000n, `seeds lie ${sorted[i]! - sorted[i - 1]!} apart`);
  }
});
