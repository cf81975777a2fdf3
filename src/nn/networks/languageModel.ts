import { AppError } from '../../base/errors.ts';
import { add, matmul, swapLast, type Value } from '../../graph/index.ts';
import { attention, rememberingAttention } from '../attention.ts';
import { dropoutAt, type NetworkDropout } from '../dropout.ts';
import { atPlaces, tokenEmbedding } from '../embeddings.ts';
import { swiGlu } from '../feedForward.ts';
import { normal } from '../initializers.ts';
import { linear } from '../layers.ts';
import { rmsNorm } from '../normalization.ts';
import type { Scope } from '../scope.ts';

export interface LanguageModelOptions {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Width of the gated layer; 8/3 of the width, rounded up to a multiple of 8, by default. */
  readonly hidden?: number;
  /** True: each token sees what stands before it. False: all of them, for masked language models. */
  readonly causal: boolean;
  /** The output uses the table of the embedding (Press and Wolf, arXiv 1608.05859). False by default. */
  readonly tied?: boolean;
  /** Behind the embedding and behind both parts of every layer. Only for training. */
  readonly dropout?: NetworkDropout | undefined;
}

/** What a network over tokens is told of one pass. */
export interface TokenPass {
  /** float32 [N, tokens], 0 for padding, which no token then sees. */
  readonly visible?: Value | undefined;
  /** int64 [N]: logits of one place of each sequence alone, [N, 1, vocabulary]. */
  readonly places?: Value | undefined;
}

/**
 * A transformer over tokens as Llama has it (Touvron et al., arXiv 2302.13971, §2.2): norms by root mean square ahead of each part, rotary positions, a
 * gated feed-forward layer and no biases. ids int64 [N, tokens] → logits [N, tokens, vocabulary].
 */
export function languageModel(scope: Scope, ids: Value, options: LanguageModelOptions, pass: TokenPass = {}): Value {
  const { vocabulary, width, layers } = options;
  checkWidth(options);
  const embedded = scope.within('embedding', (inner) => tokenEmbedding(inner, ids, vocabulary, width));
  let hidden = dropoutAt(options.dropout, embedded, 0);
  for (let layer = 0; layer < layers; layer++) {
    hidden = scope.within(`layer${layer}`, (inner) => transformerLayer(inner, hidden, options, pass, layer));
  }
  const wanted = pass.places === undefined ? hidden : atPlaces(hidden, pass.places);
  return logitsOf(scope, wanted, options);
}

/** What a causal model remembers of the tokens so far, per layer [N, heads, places, width / heads]. */
export interface LanguageMemory {
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
}

/**
 * A causal `languageModel` one token at a time: ids int64 [N, 1] at a place int64 [] → the logits of the next token [N, 1, vocabulary], and the memory for it. The logits are
 * those of the whole text up to rounding.
 */
export function nextTokenLogits(
  scope: Scope,
  ids: Value,
  options: LanguageModelOptions,
  place: Value,
  memory: LanguageMemory,
): { readonly logits: Value; readonly memory: LanguageMemory } {
  checkWidth(options);
  let hidden = scope.within('embedding', (inner) => tokenEmbedding(inner, ids, options.vocabulary, options.width));
  const keys: Value[] = [];
  const values: Value[] = [];
  for (let layer = 0; layer < options.layers; layer++) {
    hidden = scope.within(`layer${layer}`, (inner) => {
      const attended = inner.within('attention', (part) => {
        const normed = part.within('norm', (norm) => rmsNorm(norm, hidden));
        const past = { place, keys: memory.keys[layer]!, values: memory.values[layer]! };
        return rememberingAttention(part, normed, options.heads, past);
      });
      keys.push(attended.keys);
      values.push(attended.values);
      const between = add(hidden, attended.y);
      return add(between, fedForward(inner, between, options));
    });
  }
  return { logits: logitsOf(scope, hidden, options), memory: { keys, values } };
}

function logitsOf(scope: Scope, hidden: Value, { vocabulary, width, tied = false }: LanguageModelOptions): Value {
  const last = scope.within('norm', (inner) => rmsNorm(inner, hidden));
  if (!tied) return scope.within('output', (inner) => linear(inner, last, vocabulary, { bias: false }));
  const table = scope.within('embedding', (inner) =>
    inner.parameter('table', [vocabulary, width], normal(0.02), { decay: false }),
  );
  return matmul(last, swapLast(table));
}

function transformerLayer(
  scope: Scope,
  x: Value,
  options: LanguageModelOptions,
  { visible }: TokenPass,
  layer: number,
): Value {
  const { heads, causal, dropout } = options;
  const mask = visible === undefined ? {} : { visible };
  const attended = scope.within('attention', (part) =>
    attention(
      part,
      part.within('norm', (norm) => rmsNorm(norm, x)),
      { heads, causal, rotary: true, ...mask },
    ),
  );
  const between = add(x, dropoutAt(dropout, attended, 2 * layer + 1));
  return add(between, dropoutAt(dropout, fedForward(scope, between, options), 2 * layer + 2));
}

function fedForward(
  scope: Scope,
  x: Value,
  { width, hidden = Math.ceil((8 * width) / 3 / 8) * 8 }: LanguageModelOptions,
) {
  return scope.within('feedForward', (part) =>
    swiGlu(
      part,
      part.within('norm', (norm) => rmsNorm(norm, x)),
      hidden,
    ),
  );
}

function checkWidth({ width, heads }: LanguageModelOptions): void {
  if (width % (2 * heads) === 0) return;
  throw new AppError('bad-config', `A width of ${width} cannot be shared among ${heads} heads with rotary positions.`, {
    hint: 'Set the width to a multiple of twice the number of heads.',
  });
}
