import {
  add,
  expand,
  matmul,
  mul,
  reshape,
  softmax,
  split,
  swapLast,
  transpose,
  unsqueeze,
  type Value,
} from '../graph/index.ts';
import { zeros } from './initializers.ts';
import { linear } from './layers.ts';
import { rotate } from './rotary.ts';
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

/** Attention with masks, grouped heads, rotary positions or a context: x [N, tokens, width] → the same shape. Without biases. */
export function attention(scope: Scope, x: Value, options: AttentionOptions): Value {
  const { heads, keyHeads = heads, context = x, rotary = false } = options;
  const width = x.shape[2]!;
  const headWidth = width / heads;
  const part = (name: string, from: Value, count: number) =>
    scope.within(name, (inner) => headsOf(linear(inner, from, count * headWidth, { bias: false }), count));
  const turn = rotary ? (value: Value) => rotate(value) : (value: Value) => value;
  const queries = turn(part('queries', x, heads));
  const keys = shared(turn(part('keys', context, keyHeads)), heads);
  const values = shared(part('values', context, keyHeads), heads);
  return project(scope, attend(queries, keys, values, maskOf(x, context, options)), width);
}

/** softmax(Q·Kᵀ/√width + mask)·V over [N, heads, tokens, width]. The factor goes to the queries, which are smaller than the scores. */
export function attend(queries: Value, keys: Value, values: Value, mask?: Value): Value {
  const scores = matmul(mul(queries, 1 / Math.sqrt(queries.shape[3]!)), swapLast(keys));
  return matmul(softmax(mask === undefined ? scores : add(scores, mask), -1), values);
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

/** 0 where a place may be seen and a very small number elsewhere, or nothing where all may be. */
function maskOf(x: Value, context: Value, { causal, visible }: AttentionOptions): Value | undefined {
  const [tokens, places] = [x.shape[1]!, context.shape[1]!];
  const ahead = (at: number) => at % places > Math.floor(at / places);
  const triangle = causal
    ? x.graph.constant(
        Array.from({ length: tokens * places }, (_, at) => (ahead(at) ? FORBIDDEN : 0)),
        [tokens, places],
        x.dtype,
      )
    : undefined;
  const hidden =
    visible === undefined ? undefined : reshape(mul(add(visible, -1), -FORBIDDEN), [x.shape[0]!, 1, 1, places]);
  if (triangle === undefined || hidden === undefined) return triangle ?? hidden;
  return add(triangle, hidden);
}

function project(scope: Scope, mixed: Value, width: number): Value {
  const [examples, , tokens] = mixed.shape as [number, number, number, number];
  const rows = reshape(transpose(mixed, [0, 2, 1, 3]), [examples, tokens, width]);
  return scope.within('out', (inner) => linear(inner, rows, width, { bias: false, weight: zeros }));
}
