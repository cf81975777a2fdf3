import {
  add,
  cast,
  concat,
  equal,
  expand,
  greater,
  matmul,
  mul,
  narrow,
  range,
  reshape,
  softmax,
  split,
  swapLast,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '../graph/index.ts';
import { zeros } from './initializers.ts';
import { linear } from './layers.ts';
import { rotate, rotateAt } from './rotary.ts';
import type { Scope } from './scope.ts';

/** What stands for "not allowed" ahead of a softmax: far below every score, and finite, so that a row without any allowed place gives no NaN. */
const FORBIDDEN = -1e9;

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
  return project(scope, attend(queries, keys, values), width);
}

export interface AttentionOptions {
  readonly heads: number;
  /** Fewer heads for keys and values, each shared by several heads of queries (Ainslie et al., arXiv 2305.13245). `heads` by default. */
  readonly keyHeads?: number;
  /** What keys and values are made of, [N, places, any width]: cross-attention. By default x itself. */
  readonly context?: Value;
  /** Each token sees itself and what stands before it. Only for self-attention. */
  readonly causal?: boolean;
  /** 1 for places that may be seen, 0 for padding: float32 [N, places]. */
  readonly visible?: Value;
  /** Turn queries and keys by their positions. */
  readonly rotary?: boolean;
}

/** Keys and values of the tokens so far, so that a text can be written token by token. */
export interface AttentionMemory {
  /** Of the one token of each sequence: int64 []. */
  readonly place: Value;
  /** [N, heads, places, width / heads]. */
  readonly keys: Value;
  readonly values: Value;
}

/** Attention with masks, grouped heads, rotary positions or a context: x [N, tokens, width] → the same shape. Without biases. */
export function attention(scope: Scope, x: Value, options: AttentionOptions): Value {
  const { heads, keyHeads = heads, context = x, causal = false, rotary = false } = options;
  const width = x.shape[2]!;
  const headWidth = width / heads;
  const part = (name: string, from: Value, count: number) =>
    scope.within(name, (inner) => headsOf(linear(inner, from, count * headWidth, { bias: false }), count));
  const turn = rotary ? (value: Value) => rotate(value) : (value: Value) => value;
  const queries = turn(part('queries', x, heads));
  const keys = shared(turn(part('keys', context, keyHeads)), heads);
  const values = shared(part('values', context, keyHeads), heads);
  const hidden = hiddenPlaces(options.visible);
  const mixed = causal ? attendCausally(queries, keys, values, hidden) : attend(queries, keys, values, hidden);
  return project(scope, mixed, width);
}

/**
 * Causal `attention` with rotary positions for the next token of each sequence, x [N, 1, width] → the same shape, and the memory with its key and value. The parameters are
 * those of `attention`. What the memory holds behind the place is not seen.
 */
export function rememberingAttention(
  scope: Scope,
  x: Value,
  heads: number,
  { place, keys: pastKeys, values: pastValues }: AttentionMemory,
): { readonly y: Value; readonly keys: Value; readonly values: Value } {
  const width = x.shape[2]!;
  const places = pastKeys.shape[2]!;
  const part = (name: string) =>
    scope.within(name, (inner) => headsOf(linear(inner, x, width, { bias: false }), heads));
  const all = reshape(range(x.graph, places), [1, 1, places, 1]);
  const isHere = equal(all, place);
  const keys = where(isHere, rotateAt(part('keys'), place, places), pastKeys);
  const values = where(isHere, part('values'), pastValues);
  const ahead = mul(cast(greater(reshape(all, [1, 1, 1, places]), place), x.dtype), FORBIDDEN);
  const mixed = attend(rotateAt(part('queries'), place, places), keys, values, ahead);
  return { y: project(scope, mixed, width), keys, values };
}

/** softmax(Q·Kᵀ/√width + mask)·V over [N, heads, tokens, width]. The factor goes to the queries, which are smaller than the scores. */
export function attend(queries: Value, keys: Value, values: Value, mask?: Value): Value {
  const scores = matmul(mul(queries, 1 / Math.sqrt(queries.shape[3]!)), swapLast(keys));
  return matmul(softmax(mask === undefined ? scores : add(scores, mask), -1), values);
}

/** Fewest tokens of a block of `attendCausally`, and most blocks: more of them save less than their products lose by being small. */
const SMALLEST_BLOCK = 64;
const MOST_BLOCKS = 4;

/**
 * `attend` where each token sees itself and what stands before it, optionally with a mask that broadcasts over [N, heads, tokens, places]. Queries go in
 * blocks, each against the keys up to its own end, so that most scores that nobody may see are never computed: with four blocks 3/8 of all.
 */
export function attendCausally(queries: Value, keys: Value, values: Value, mask?: Value): Value {
  const tokens = queries.shape[2]!;
  const count = Math.max(1, Math.min(MOST_BLOCKS, Math.floor(tokens / SMALLEST_BLOCK)));
  const edges = Array.from({ length: count + 1 }, (_, i) => Math.round((i * tokens) / count));
  const sizes = edges.slice(1).map((end, i) => end - edges[i]!);
  const parts = split(queries, sizes, 2);
  // From the last block on, each is cut out of what the one behind it sees, so that gradients add up over what both see and no more.
  let [seenKeys, seenValues] = [keys, values];
  const blocks: Value[] = [];
  for (let i = count - 1; i >= 0; i--) {
    const [start, end] = [edges[i]!, edges[i + 1]!];
    seenKeys = narrow(seenKeys, 2, 0, end);
    seenValues = narrow(seenValues, 2, 0, end);
    const seen = mask === undefined || mask.shape[3] === 1 ? mask : narrow(mask, 3, 0, end);
    const triangle = causalMask(queries, start, end);
    blocks.unshift(attend(parts[i]!, seenKeys, seenValues, seen === undefined ? triangle : add(triangle, seen)));
  }
  return concat(blocks, 2);
}

/** 0 where a token may see a place, for the tokens from `start` to `end`: [tokens, end]. */
function causalMask(like: Value, start: number, end: number): Value {
  const rows = end - start;
  const ahead = (at: number) => at % end > start + Math.floor(at / end);
  const entries = Array.from({ length: rows * end }, (_, at) => (ahead(at) ? FORBIDDEN : 0));
  return like.graph.constant(entries, [rows, end], like.dtype);
}

function headsOf(x: Value, heads: number): Value {
  const [examples, tokens, width] = x.shape as [number, number, number];
  return transpose(reshape(x, [examples, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** Every head of keys repeated for the heads of queries that use it. */
function shared(x: Value, heads: number): Value {
  const [examples, present, tokens, width] = x.shape as [number, number, number, number];
  if (present === heads) return x;
  const repeated = expand(unsqueeze(x, [2]), [examples, present, heads / present, tokens, width]);
  return reshape(repeated, [examples, heads, tokens, width]);
}

/** 0 where a place may be seen and a very small number where it is padding, [N, 1, 1, places]; nothing where all may be seen. */
function hiddenPlaces(visible: Value | undefined): Value | undefined {
  if (visible === undefined) return undefined;
  return reshape(mul(add(visible, -1), -FORBIDDEN), [visible.shape[0]!, 1, 1, visible.shape[1]!]);
}

function project(scope: Scope, mixed: Value, width: number): Value {
  const [examples, , tokens] = mixed.shape as [number, number, number, number];
  const rows = reshape(transpose(mixed, [0, 2, 1, 3]), [examples, tokens, width]);
  return scope.within('out', (inner) => linear(inner, rows, width, { bias: false, weight: zeros }));
}
