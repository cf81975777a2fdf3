import { add, concat, gather, mul, reshape, split, type Value } from '../graph/index.ts';

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864, equation 15): x [N, heads, tokens, width] → the same shape, with the pair of entries i and
 * i + width/2 of each token turned by the angle position · base^(−2i/width). Halves are paired rather than neighbours, as in GPT-NeoX and Llama, so
 * that weights of those models fit. Positions count from `start`.
 */
export function rotate(x: Value, options: { readonly base?: number; readonly start?: number } = {}): Value {
  const { start = 0 } = options;
  const [tokens, width] = x.shape.slice(-2) as [number, number];
  const table = (of: PairOf) => angleTable(x, [start, tokens, width], of, options.base);
  return turned(x, table(cosines), table(signedSines));
}

/** `rotate` of single tokens that all stand at one place, known only when the graph runs: x [N, heads, 1, width], place int64 [], below `places`. */
export function rotateAt(x: Value, place: Value, places: number): Value {
  const width = x.shape.at(-1)!;
  const row = (of: PairOf) => gather(angleTable(x, [0, places, width], of), reshape(place, [1]));
  return turned(x, row(cosines), row(signedSines));
}

/** What the first and the second entry of a pair are multiplied by, from their angle. */
type PairOf = (angle: number) => readonly [first: number, second: number];

const cosines: PairOf = (angle) => [Math.cos(angle), Math.cos(angle)];
const signedSines: PairOf = (angle) => [-Math.sin(angle), Math.sin(angle)];

/** The factors of all pairs: [tokens, width]. */
function angleTable(
  like: Value,
  [start, tokens, width]: readonly [start: number, tokens: number, width: number],
  of: PairOf,
  base = 10_000,
): Value {
  const half = width / 2;
  const angles = Array.from({ length: tokens * half }, (_, at) => {
    const [position, pair] = [start + Math.floor(at / half), at % half];
    return position * base ** ((-2 * pair) / width);
  });
  const rows = Array.from({ length: tokens }, (_, row) => {
    const pairs = angles.slice(row * half, (row + 1) * half).map(of);
    return [...pairs.map(([first]) => first), ...pairs.map(([, second]) => second)];
  });
  return like.graph.constant(rows.flat(), [tokens, width], like.dtype);
}

/** Each entry times a cosine, and the other one of its pair times a sine. The sign lies in the table, so that halves only change their places. */
function turned(x: Value, byCosine: Value, bySine: Value): Value {
  const half = x.shape.at(-1)! / 2;
  const [first, second] = split(x, [half, half], -1) as [Value, Value];
  return add(mul(x, byCosine), mul(concat([second, first], -1), bySine));
}
