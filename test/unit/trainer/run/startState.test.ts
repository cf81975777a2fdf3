import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialState } from '../../../../src/trainer/engine/trainState.ts';
import { StartState } from '../../../../src/trainer/run/startState.ts';

test('the state that a run begins with can be looked at until training takes it, and is kept by nobody afterwards', () => {
  const state = initialState(Float32Array.of(1, 2, 3));
  const start = new StartState(state);
  assert.equal(start.borrow(), state);
  assert.equal(start.take(), state);
  assert.throws(() => start.take(), /taken already/);
  assert.throws(() => start.borrow(), /taken already/);
  assert.equal(start.step, 0);
  assert.equal(start.parameterBytes, 12);
});
