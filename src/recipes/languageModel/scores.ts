import { argMax, cast, equal, mul, reduceSum, type Value } from '../../graph/index.ts';
import { tokenCrossEntropy } from '../../nn/losses.ts';

/** Per example of an evaluation: sums over its tokens, from which `summarizeScores` makes the metrics. */
export function tokenScores(logits: Value, targets: Value, weights: Value): Readonly<Record<ScoreName, Value>> {
  const perExample = (values: Value) => reduceSum(values, [1], false);
  const right = cast(equal(argMax(logits, 2), targets), 'float32');
  return {
    nats: perExample(mul(tokenCrossEntropy(logits, targets), weights)),
    right: perExample(mul(right, weights)),
    weight: perExample(weights),
  };
}

/** Means over all tokens, so that long and short examples count by their tokens. Without any token, the figures are NaN. */
export function summarizeScores(perExample: Readonly<Record<string, Float32Array>>): Readonly<Record<string, number>> {
  const weight = total(perExample['weight']!);
  const loss = total(perExample['nats']!) / weight;
  return {
    'val/loss': loss,
    'val/perplexity': Math.exp(loss),
    'val/bits': loss / Math.LN2,
    'val/accuracy': total(perExample['right']!) / weight,
  };
}

type ScoreName = 'nats' | 'right' | 'weight';

function total(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
