import { mul, silu, type Value } from '../graph/index.ts';
import { zeros } from './initializers.ts';
import { linear } from './layers.ts';
import type { Scope } from './scope.ts';

/** The gated layer of Llama (Shazeer, arXiv 2002.05202, equation 6): (silu(x·G) ∘ x·U)·D, without biases. x [..., width] → the same shape. */
export function swiGlu(scope: Scope, x: Value, hidden: number): Value {
  const part = (name: string) => scope.within(name, (inner) => linear(inner, x, hidden, { bias: false }));
  const gated = mul(silu(part('gate')), part('up'));
  return scope.within('down', (inner) => linear(inner, gated, x.shape.at(-1)!, { bias: false, weight: zeros }));
}
