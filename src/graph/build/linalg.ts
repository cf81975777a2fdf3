import type { Value } from '../ir.ts';

/** Matrix product over the last two axes; leading axes broadcast. Both need at least two axes. */
export function matmul(a: Value, b: Value): Value {
  return a.graph.apply('MatMul', [a, b], {})[0]!;
}
