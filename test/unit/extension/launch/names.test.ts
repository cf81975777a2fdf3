import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameProblem, suggestName } from '../../../../src/extension/launch/names.ts';

const none = new Set<string>();

test('names that become directories everywhere are taken', () => {
  for (const name of ['a', 'mnist-1', 'A_b.c-2', '2026-11-22']) assert.equal(nameProblem(name, none), undefined, name);
});

test('other names are refused with the reason', () => {
  for (const name of ['', '-a', '.hidden', 'a b', 'a/b', '../x', 'ä', 'end.', 'x'.repeat(101)]) {
    assert.equal(typeof nameProblem(name, none), 'string', name);
  }
  assert.match(nameProblem('mnist-1', new Set(['mnist-1'])) ?? '', /already/);
});

test('the next free number is proposed', () => {
  assert.equal(suggestName('meanflow', none), 'meanflow-1');
  assert.equal(suggestName('meanflow', new Set(['meanflow-1', 'meanflow-2'])), 'meanflow-3');
  assert.equal(suggestName('mnist-2', new Set(['mnist-2'])), 'mnist-3');
  assert.equal(suggestName('lr-0.1', none), 'lr-0.1-1');
});
