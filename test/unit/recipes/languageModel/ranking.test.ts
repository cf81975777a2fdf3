import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rankingOf } from '../../../../src/recipes/languageModel/ranking.ts';

test('ranking: figures of scikit-learn', () => {
  // sklearn.metrics 1.7: roc_auc_score and average_precision_score of the same numbers.
  const { auroc, auprc } = rankingOf(Float32Array.of(0.1, 0.4, 0.35, 0.8), Float32Array.of(0, 0, 1, 1));
  assert.equal(auroc, 0.75);
  assert.ok(Math.abs(auprc - 0.8333333333333333) < 1e-12);
  const tied = rankingOf(Float32Array.of(0.5, 0.5, 0.5, 0.2), Float32Array.of(1, 0, 1, 0));
  assert.equal(tied.auroc, 0.75);
  assert.ok(Math.abs(tied.auprc - 2 / 3) < 1e-12);
  assert.ok(Number.isNaN(rankingOf(Float32Array.of(1, 2), Float32Array.of(1, 1)).auroc));
});

test('ranking: the area is the part of pairs that stand in the right order, whatever the order of the rows', () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), (rows) => {
      const scores = Float32Array.from(rows, ([score]) => score);
      const labels = Float32Array.from(rows, ([, label]) => Number(label));
      const pairs = rows.flatMap(([one, isOne]) =>
        isOne ? rows.flatMap(([zero, other]) => (other ? [] : [one > zero ? 1 : one === zero ? 0.5 : 0])) : [],
      );
      const { auroc, auprc } = rankingOf(scores, labels);
      if (pairs.length === 0) {
        assert.ok(Number.isNaN(auroc));
        return;
      }
      assert.ok(Math.abs(auroc - pairs.reduce((sum: number, each) => sum + each, 0) / pairs.length) < 1e-9);
      assert.ok(auprc > 0 && auprc <= 1);
      assert.deepEqual(rankingOf(scores.toReversed(), labels.toReversed()), { auroc, auprc });
    }),
  );
});
