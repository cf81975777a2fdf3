import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIdsOf, textArgument } from '../../../../src/extension/commands/arguments.ts';

const a = { kind: 'run', runId: 'a' };
const b = { kind: 'job', runId: 'b' };
const group = { kind: 'group' };

test('menus give the row, or all selected rows; rows that are no run do not count', () => {
  assert.deepEqual(runIdsOf([a]), ['a']);
  assert.deepEqual(runIdsOf([a, [a, b, group, a]]), ['a', 'b']);
  assert.deepEqual(runIdsOf([group]), []);
  assert.deepEqual(runIdsOf([a, undefined]), ['a']);
});

test('scripts give ids, and a second list of texts is not about runs', () => {
  assert.deepEqual(runIdsOf(['a']), ['a']);
  assert.deepEqual(runIdsOf([['a', 'b']]), ['a', 'b']);
  assert.deepEqual(runIdsOf(['a', ['paper', 'keep']]), ['a']);
  assert.deepEqual(runIdsOf([]), []);
});

test('a text is an argument of a scripted call only', () => {
  assert.equal(textArgument(['a', 'new name']), 'new name');
  assert.equal(textArgument([a, 'new name']), undefined);
  assert.equal(textArgument(['a']), undefined);
});
