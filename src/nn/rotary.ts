import { add, concat, gather, mul, narrow, neg, reshape, type Value } from '../graph/index.ts';

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864, equation 15): x [N, heads, tokens, width] → the same shape, with the pair of entries i and
 * i + width/2 of each token turned by the angle position · base^(−2i/width). Halves are paired rather than neighbours, as in GPT-NeoX and Llama, so
 * that weights of those models fit. Positions count from `start`.
 */
export function rotate(x: Value, options: { readonly base?: number; readonly start?: number } = {}): Value {
  const { start = 0 } = options;
  const [tokens, width] = x.shape.slice(-2) as [number, number];
  const table = (of: (angle: number) => number) => angleTable(x, [start, tokens, width], of, options.base);
  return turned(x, table(Math.cos), table(Math.sin));
}

/** `rotate` of single tokens that all stand at one place, known only when the graph runs: x [N, heads, 1, width], place int64 [], below `places`. */
export function rotateAt(x: Value, place: Value, places: number): Value {
  const width = x.shape.at(-1)!;
  const row = (of: (angle: number) => number) => gather(angleTable(x, [0, places, width], of), reshape(place, [1]));
  return turned(x, row(Math.cos), row(Math.sin));
}

/** Cosines or sines of the angles of all pairs, each twice: [tokens, width]. */
function angleTable(
  like: Value,
  [start, tokens, width]: readonly [start: number, tokens: number, width: number],
  of: (angle: number) => number,
  base = 10_000,
): Value {
  const half = width / 2;
  const angles = Array.from({ length: tokens * half }, (_, at) => {
    const [position, pair] = [start + Math.floor(at / half), at % half];
    return position * base ** ((-2 * pair) / width);
  });
  const rows = Array.from({ length: tokens }, (_, row) => {
    const part = angles.slice(row * half, (row + 1) * half).map(of);
    return [...part, ...part];
  });
  return like.graph.constant(rows.flat(), [tokens, width], like.dtype);
}

function turned(x: Value, cosines: Value, sines: Value): Value {
  const half = x.shape.at(-1)! / 2;
  const [first, second] = [narrow(x, -1, 0, half), narrow(x, -1, half, half)];
  return add(mul(x, cosines), mul(concat([neg(second), first], -1), sines));
}
