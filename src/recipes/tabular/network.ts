import { add, div, mul, relu, reshape, sub, type Value } from '../../graph/index.ts';
import { dropout } from '../../nn/dropout.ts';
import { heNormal } from '../../nn/initializers.ts';
import { linear } from '../../nn/layers.ts';
import type { Scope } from '../../nn/scope.ts';
import type { ArrayFacts, Scale } from '../data.ts';
import type { TabularConfig } from './config.ts';

/**
 * Features float32 [N, …] → logits [N, classes], or the targets [N, numbers] of mean 0 and deviation 1: dense layers with ReLU over features of
 * mean 0 and deviation 1. `counter` is given in training alone, where hidden units are left out.
 */
export function tabularNetwork(
  scope: Scope,
  features: Value,
  { width, layers, dropout: rate }: TabularConfig,
  facts: ArrayFacts,
  counter?: Value,
): Value {
  let hidden = standardized(reshape(features, [features.shape[0]!, -1]), facts.featureScales);
  for (let layer = 0; layer < layers; layer++) {
    const dense = scope.within(`layer${layer}`, (inner) =>
      relu(linear(inner, hidden, width, { weight: heNormal(hidden.shape[1]!) })),
    );
    hidden = counter === undefined ? dense : dropout(dense, rate, { counter, stream: layer });
  }
  const outputs = facts.classes > 0 ? facts.classes : facts.targetScales.length;
  return scope.within('output', (inner) => linear(inner, hidden, outputs));
}

/** [N, numbers] to mean 0 and deviation 1. */
export function standardized(values: Value, scales: readonly Scale[]): Value {
  const { means, deviations } = constants(values, scales);
  return div(sub(values, means), deviations);
}

/** The way back. */
export function inUnits(values: Value, scales: readonly Scale[]): Value {
  const { means, deviations } = constants(values, scales);
  return add(mul(values, deviations), means);
}

function constants({ graph }: Value, scales: readonly Scale[]): { readonly means: Value; readonly deviations: Value } {
  const row = (values: readonly number[]) => graph.constant(Float32Array.from(values), [values.length]);
  return { means: row(scales.map(({ mean }) => mean)), deviations: row(scales.map(({ deviation }) => deviation)) };
}
