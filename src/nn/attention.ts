import { matmul, mul, reshape, softmax, split, swapLast, transpose, type Value } from '../graph/index.ts';
import { zeros } from './initializers.ts';
import { linear } from './layers.ts';
import type { Scope } from './scope.ts';

/**
 * Self-attention of many heads (Vaswani et al., arXiv 1706.03762, §3.2) without mask: x [N, tokens, width] → the same shape.
 * Queries, keys and values come out of one matrix product. The output projection starts at zero, so that a residual block starts
 * as the identity. Keys need no bias: it would cancel in the softmax.
 */
export function selfAttention(scope: Scope, x: Value, heads: number): Value {
  const [examples, tokens, width] = x.shape as [number, number, number];
  const headWidth = width / heads;
  const packed = scope.within('qkv', (inner) => linear(inner, x, 3 * width, { bias: false }));
  const apart = transpose(reshape(packed, [examples, tokens, 3, heads, headWidth]), [2, 0, 3, 1, 4]);
  const [queries, keys, values] = split(apart, [1, 1, 1], 0).map((part) =>
    reshape(part, [examples, heads, tokens, headWidth]),
  ) as [Value, Value, Value];
  const scores = matmul(mul(queries, 1 / Math.sqrt(headWidth)), swapLast(keys));
  const mixed = transpose(matmul(softmax(scores, -1), values), [0, 2, 1, 3]);
  return scope.within('out', (inner) =>
    linear(inner, reshape(mixed, [examples, tokens, width]), width, { bias: false, weight: zeros }),
  );
}
