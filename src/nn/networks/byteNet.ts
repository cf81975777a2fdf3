import { add, gelu, oneHot, transpose, type Value } from '../../graph/index.ts';
import { dropoutAt, type NetworkDropout } from '../dropout.ts';
import { atPlaces } from '../embeddings.ts';
import { conv1d, linear } from '../layers.ts';
import { layerNorm } from '../normalization.ts';
import type { Scope } from '../scope.ts';
import type { TokenPass } from './languageModel.ts';

export interface ByteNetOptions {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  /** Width of the kernel in the first layer, which reads the tokens. */
  readonly firstKernel: number;
  readonly kernel: number;
  /** Gaps double from layer to layer, 1, 2, 4, …, and begin anew after so many layers. */
  readonly dilationCycle: number;
  /** Each token sees itself and what stands before it, as in the decoder of ByteNet. False by default: both sides. */
  readonly causal?: boolean;
  /** Behind both parts of every layer. Only for training. */
  readonly dropout?: NetworkDropout | undefined;
}

/**
 * A network of dilated convolutions over tokens (ByteNet: Kalchbrenner et al., arXiv 1610.10099; the encoder of GPN, Benegas et al., PNAS 2023, over DNA):
 * each layer adds a normed, widened convolution and a dense part to what came before. ids int64 [N, tokens] → logits [N, tokens, vocabulary]. Padding is
 * seen as a token of its own.
 */
export function byteNet(scope: Scope, ids: Value, options: ByteNetOptions, { places }: TokenPass = {}): Value {
  const { vocabulary, width, layers, firstKernel, kernel, dilationCycle } = options;
  let hidden = scope.within('embedding', (inner) => linear(inner, oneHot(ids, vocabulary), width, { bias: false }));
  for (let layer = 0; layer < layers; layer++) {
    const size = layer === 0 ? firstKernel : kernel;
    const dilation = 2 ** (layer % dilationCycle);
    hidden = scope.within(`layer${layer}`, (inner) => byteNetLayer(inner, hidden, { size, dilation, layer }, options));
  }
  const wanted = places === undefined ? hidden : atPlaces(hidden, places);
  const last = scope.within('norm', (inner) => layerNorm(inner, wanted));
  return scope.within('output', (inner) => linear(inner, last, vocabulary));
}

interface ByteNetLayer {
  readonly size: number;
  readonly dilation: number;
  /** Its number, from 0. */
  readonly layer: number;
}

function byteNetLayer(
  scope: Scope,
  x: Value,
  { size: kernel, dilation, layer }: ByteNetLayer,
  { causal = false, dropout }: ByteNetOptions,
): Value {
  const width = x.shape[2]!;
  const convolved = scope.within('convolution', (inner) => {
    const normed = inner.within('norm', (norm) => layerNorm(norm, x));
    const planes = transpose(normed, [0, 2, 1]);
    return transpose(gelu(conv1d(inner, planes, width, { kernel, dilation, causal })), [0, 2, 1]);
  });
  const between = add(x, dropoutAt(dropout, convolved, 2 * layer));
  const dense = scope.within('dense', (inner) => {
    const normed = inner.within('norm', (norm) => layerNorm(norm, between));
    return gelu(linear(inner, normed, width));
  });
  return add(between, dropoutAt(dropout, dense, 2 * layer + 1));
}
