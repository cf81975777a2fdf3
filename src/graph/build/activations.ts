import type { Value } from '../ir.ts';
import { add, mul } from './binary.ts';
import { none } from './operands.ts';
import { erf, relu, sigmoid } from './unary.ts';

/** a · sigmoid(a) (Elfwing, Uchibe and Doya, arXiv 1702.03118), with fewer passes backwards than the product written out. */
export function silu(a: Value): Value {
  return a.graph.apply('Silu', [a, sigmoid(a)], none)[0]!;
}

/** a · Φ(a) with the exact normal distribution function (Hendrycks and Gimpel, arXiv 1606.08415). */
export function gelu(a: Value): Value {
  const share = add(mul(erf(mul(a, Math.SQRT1_2)), 0.5), 0.5);
  return a.graph.apply('Gelu', [a, share], none)[0]!;
}

/** max(a, 0)² (So et al., arXiv 2109.08668). Its derivative is continuous and takes the fewest passes of all these functions. */
export function squaredRelu(a: Value): Value {
  return a.graph.apply('SquaredRelu', [a, relu(a)], none)[0]!;
}
