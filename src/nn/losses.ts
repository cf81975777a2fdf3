import { logSoftmax, mul, neg, oneHot, reduceSum, type Value } from '../graph/index.ts';

/** −log of the probability of the right class: logits [N, classes] and labels int64 [N] → [N], in nats. */
export function crossEntropy(logits: Value, labels: Value): Value {
  const classes = logits.shape[1]!;
  return neg(reduceSum(mul(logSoftmax(logits, 1), oneHot(labels, classes)), [1], false));
}
