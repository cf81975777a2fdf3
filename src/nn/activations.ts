import { add, erf, mul, relu, sigmoid, type Value } from '../graph/index.ts';

export const activationNames = ['relu', 'silu', 'gelu', 'squaredRelu'] as const;
export type ActivationName = (typeof activationNames)[number];

/** Elementwise functions between layers. */
export const activations = {
  relu,
  silu,
  gelu,
  squaredRelu,
} as const satisfies { readonly [Name in ActivationName]: (x: Value) => Value };

/** x · sigmoid(x) (Elfwing, Uchibe and Doya, arXiv 1702.03118). */
export function silu(x: Value): Value {
  return mul(x, sigmoid(x));
}

/** x · Φ(x) with the exact normal distribution function (Hendrycks and Gimpel, arXiv 1606.08415). */
export function gelu(x: Value): Value {
  return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
}

/** max(x, 0)² (So et al., arXiv 2109.08668). Its derivative is continuous, and it needs the fewest elementwise passes of all. */
export function squaredRelu(x: Value): Value {
  const positive = relu(x);
  return mul(positive, positive);
}
