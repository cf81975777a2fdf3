import { AppError } from '../../base/errors.ts';
import { add, matmul, swapLast, type Value } from '../../graph/index.ts';
import { attention } from '../attention.ts';
import { tokenEmbedding } from '../embeddings.ts';
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
}

/**
 * A transformer over tokens as Llama has it (Touvron et al., arXiv 2302.13971, §2.2): norms by root mean square ahead of each part, rotary positions, a
 * gated feed-forward layer and no biases. ids int64 [N, tokens] → logits [N, tokens, vocabulary]. `visible` float32 [N, tokens] is 0 for padding.
 */
export function languageModel(scope: Scope, ids: Value, options: LanguageModelOptions, visible?: Value): Value {
  const { vocabulary, width, layers, heads, causal, tied = false } = options;
  if (width % (2 * heads) !== 0) {
    throw new AppError(
      'bad-config',
      `A width of ${width} cannot be shared among ${heads} heads with rotary positions.`,
      {
        hint: 'Set the width to a multiple of twice the number of heads.',
      },
    );
  }
  const hiddenWidth = options.hidden ?? Math.ceil((8 * width) / 3 / 8) * 8;
  let hidden = scope.within('embedding', (inner) => tokenEmbedding(inner, ids, vocabulary, width));
  const mask = visible === undefined ? {} : { visible };
  for (let layer = 0; layer < layers; layer++) {
    hidden = scope.within(`layer${layer}`, (inner) => {
      const attended = inner.within('attention', (part) =>
        attention(
          part,
          part.within('norm', (norm) => rmsNorm(norm, hidden)),
          { heads, causal, rotary: true, ...mask },
        ),
      );
      const between = add(hidden, attended);
      return inner.within('feedForward', (part) =>
        add(
          between,
          swiGlu(
            part,
            part.within('norm', (norm) => rmsNorm(norm, between)),
            hiddenWidth,
          ),
        ),
      );
    });
  }
  const last = scope.within('norm', (inner) => rmsNorm(inner, hidden));
  if (!tied) return scope.within('output', (inner) => linear(inner, last, vocabulary, { bias: false }));
  const table = scope.within('embedding', (inner) =>
    inner.parameter('table', [vocabulary, width], normal(0.02), { decay: false }),
  );
  return matmul(last, swapLast(table));
}
