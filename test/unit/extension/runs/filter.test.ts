import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFilter } from '../../../../src/extension/runs/filter.ts';
import { makeRun } from '../makeRun.ts';

const run = makeRun({
  id: 'mnist-DiT',
  recipe: 'meanflow',
  labels: ['baseline', 'paper'],
  status: 'failed',
  architecture: 'dit',
});

const cases: readonly (readonly [filter: string, matches: boolean])[] = [
  ['', true],
  ['  ', true],
  ['MNIST', true],
  ['mnist paper', true],
  ['mnist cifar', false],
  ['-cifar', true],
  ['-paper', false],
  ['-', true],
  ['status:failed', true],
  ['status:mnist', false],
  ['label:base -status:running', true],
  ['-label:base', false],
  ['recipe:mean', true],
  ['unknown:x', false],
];

for (const [filter, matches] of cases) {
  test(`"${filter}" ${matches ? 'matches' : 'does not match'}`, () => assert.equal(runFilter(filter)(run), matches));
}
