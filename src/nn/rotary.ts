import { add, concat, mul, narrow, neg, type Value } from '../graph/index.ts';

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864, equation 15): x [N, heads, tokens, width] → the same shape, with the pair of entries i and
 * i + width/2 of each token turned by the angle position · base^(−2i/width). Halves are paired rather than neighbours, as in GPT-NeoX and Llama, so
 * that weights of those models fit. Positions count from `start`.
 */
export function rotate(x: Value, options: { readonly base?: number; readonly start?: number } = {}): Value {
  const { base = 10_000, start = 0 } = options;
  const [tokens, width] = x.shape.slice(-2) as [number, number];
  const half = width / 2;
  const angles = Array.from({ length: tokens * half }, (_, at) => {
    const [position, pair] = [start + Math.floor(at / half), at % half];
    return position * base ** ((-2 * pair) / width);
  });
  const table = (of: (angle: number) => number) =>
    x.graph.constant(
      Array.from({ length: tokens }, (_, row) => {
        const part = angles.slice(row * half, (row + 1) * half).map(of);
        return [...part, ...part];
      }).flat(),
      [tokens, width],
      x.dtype,
    );
  const [first, second] = [narrow(x, -1, 0, half), narrow(x, -1, half, half)];
  const turned = concat([neg(second), first], -1);
  return add(mul(x, table(Math.cos)), mul(turned, table(Math.sin)));
}
