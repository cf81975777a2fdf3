import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confusionOf, confusionTable } from '../../../../src/recipes/textClassifier/confusion.ts';

test('confusions are counted by what was right and what was told', () => {
  const right = Float32Array.of(0, 0, 1, 1, 1, 2);
  const told = Float32Array.of(0, 1, 1, 1, 0, 0);
  const confusion = confusionOf(right, told, 3);
  assert.deepEqual(confusion.counts, [
    [1, 1, 0],
    [1, 2, 0],
    [1, 0, 0],
  ]);
  assert.equal(confusion.accuracy, 0.5);
  // sklearn.metrics.f1_score(average='macro') of the same: (0.4 + 0.666… + 0) / 3.
  assert.ok(Math.abs(confusion.macroF1 - (0.4 + 2 / 3) / 3) < 1e-12);
  assert.equal(
    confusionTable(confusion, ['a', 'b|c', 'd']),
    [
      '| true \\ predicted | a | b c | d | recall |',
      '|---|---:|---:|---:|---:|',
      '| **a** | 1 | 1 | 0 | 0.500 |',
      '| **b c** | 1 | 2 | 0 | 0.667 |',
      '| **d** | 1 | 0 | 0 | 0.000 |',
    ].join('\n'),
  );
});
