import {
  add,
  div,
  gatherElements,
  logSoftmax,
  mul,
  neg,
  oneHot,
  reduceSum,
  reshape,
  squeeze,
  unsqueeze,
  type Value,
} from '../graph/index.ts';

/** −log of the probability of the right class: logits [N, classes] and labels int64 [N] → [N], in nats. */
export function crossEntropy(logits: Value, labels: Value): Value {
  const classes = logits.shape[1]!;
  return neg(reduceSum(mul(logSoftmax(logits, 1), oneHot(labels, classes)), [1], false));
}

/** Up to so many classes, a product with one-hot rows is cheaper than picking entries and adding gradients back one by one. */
const FEW_CLASSES = 64;

/** −log p(target) at each place, in nats: logits [N, tokens, classes], targets int64 [N, tokens] → [N, tokens]. */
export function tokenCrossEntropy(logits: Value, targets: Value): Value {
  const logProbabilities = logSoftmax(logits, -1);
  const classes = logits.shape.at(-1)!;
  const picked =
    classes <= FEW_CLASSES
      ? reduceSum(mul(logProbabilities, oneHot(targets, classes, logits.dtype)), [-1], false)
      : squeeze(gatherElements(logProbabilities, unsqueeze(targets, [-1]), logits.rank - 1), [-1]);
  return neg(picked);
}

/**
 * The mean of −log p(target) over weighted places, in nats: logits [N, tokens, classes], targets int64 [N, tokens], weights float32 [N, tokens] → [].
 * A place of weight 0 does not count, as padding; soft-masked positions count a little. No place at all gives 0.
 */
export function weightedCrossEntropy(logits: Value, targets: Value, weights: Value): Value {
  const total = reduceSum(weights, undefined, false);
  const losses = mul(tokenCrossEntropy(logits, targets), weights);
  return reshape(div(reduceSum(losses, undefined, false), add(total, 1e-9)), []);
}
