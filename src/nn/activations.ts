import { gelu, relu, silu, squaredRelu, type Value } from '../graph/index.ts';

export const activationNames = ['relu', 'silu', 'gelu', 'squaredRelu'] as const;
export type ActivationName = (typeof activationNames)[number];

/** Elementwise functions between layers, by the names that configurations use. */
export const activations = {
  relu,
  silu,
  gelu,
  squaredRelu,
} as const satisfies { readonly [Name in ActivationName]: (x: Value) => Value };
