import {
  concat,
  cos,
  expand,
  gather,
  gatherElements,
  matmul,
  mul,
  oneHot,
  reshape,
  sin,
  type Value,
} from '../graph/index.ts';
import { normal } from './initializers.ts';
import type { Scope } from './scope.ts';

/** Lowest and highest angular frequency of `timeFeatures`, in radians per unit of time. */
const LOWEST_FREQUENCY = 1;
const HIGHEST_FREQUENCY = 10;

/**
 * Sines and cosines of times in [0, 1]: [N, 1] → [N, 2·frequencies]. The frequencies are spaced evenly on a log scale from 1 to 10.
 * They stay low on purpose: MeanFlow differentiates the network along time, and with frequencies up to 190 rad the target of the loss
 * is dominated by the embedding's own derivative and training fails.
 */
export function timeFeatures(time: Value, frequencies = 16): Value {
  const ratio = HIGHEST_FREQUENCY / LOWEST_FREQUENCY;
  const steps = Math.max(1, frequencies - 1);
  const values = Array.from({ length: frequencies }, (_, i) => LOWEST_FREQUENCY * ratio ** (i / steps));
  const angles = mul(time, time.graph.constant(values, [1, frequencies]));
  return concat([sin(angles), cos(angles)], 1);
}

/** One learned vector per token: ids int64 of any shape → [...shape, width]. Parameter `table` [vocabulary, width]. */
export function tokenEmbedding(scope: Scope, ids: Value, vocabulary: number, width: number): Value {
  return gather(scope.parameter('table', [vocabulary, width], normal(0.02), { decay: false }), ids);
}

/**
 * Learned vectors ahead of a sequence (Lester et al., arXiv 2104.08691): x [N, tokens, width] → [N, count + tokens, width]. Parameter
 * `prompt` [count, width].
 */
export function softPrompt(scope: Scope, x: Value, count: number): Value {
  const [examples, , width] = x.shape as [number, number, number];
  const prompt = scope.parameter('prompt', [count, width], normal(0.02), { decay: false });
  return concat([expand(prompt, [examples, count, width]), x], 1);
}

/** The vector of one place of each sequence: x [N, tokens, width], places int64 [N] → [N, 1, width]. */
export function atPlaces(x: Value, places: Value): Value {
  const [examples, , width] = x.shape as [number, number, number];
  return gatherElements(x, expand(reshape(places, [examples, 1, 1]), [examples, 1, width]), 1);
}

/** One learned vector per class: labels int64 [N] → [N, width]. As a product with one-hot rows, since classes are few. */
export function classEmbedding(scope: Scope, labels: Value, classes: number, width: number): Value {
  const table = scope.parameter('table', [classes, width], normal(1), { decay: false });
  return matmul(oneHot(labels, classes), table);
}
