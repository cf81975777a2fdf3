import {
  concat,
  expand,
  type ImportOptions,
  narrow,
  type OnnxModel,
  type OnnxTensor,
  trainableTensors,
  unpackNumbers,
  type Value,
} from '../../graph/index.ts';
import { normal } from '../../nn/initializers.ts';
import type { Scope } from '../../nn/scope.ts';
import { embeddingOf } from './embedding.ts';
import { lastProduct } from './fixedWeights.ts';
import { lowRank } from './lowRank.ts';

/** What of a model from elsewhere changes in training. Everything else stays as it is in the file and has no state of an optimizer. */
export const adaptKinds = ['all', 'lora', 'dora', 'head', 'soft-prompt'] as const;
export type AdaptKind = (typeof adaptKinds)[number];

export interface Adaptation {
  readonly kind: AdaptKind;
  readonly rank: number;
  readonly alpha: number;
  /** Parts of names of layers; none: all but the last. */
  readonly targets: readonly string[];
  /** Learned vectors ahead of the tokens. */
  readonly promptTokens: number;
}

/** How a model is imported so that the adapted parts are parameters of a scope. */
export type AdaptedImport = Pick<ImportOptions, 'parameter' | 'change'>;

/** The adaptation of a model as options of its import. `tokens` is the name of the model's input of tokens. */
export function adaptedImport(scope: Scope, model: OnnxModel, adaptation: Adaptation, tokens: string): AdaptedImport {
  return adaptations[adaptation.kind](scope, model, adaptation, tokens);
}

type Adapt = (scope: Scope, model: OnnxModel, adaptation: Adaptation, tokens: string) => AdaptedImport;

const adaptations: { readonly [K in AdaptKind]: Adapt } = {
  all: (scope, model) => trained(scope, new Set(trainableTensors(model))),
  head: (scope, model) => trained(scope, new Set([lastProduct(model).weight])),
  lora: lowRank,
  dora: lowRank,
  'soft-prompt': softPrompted,
};

/** The tensors of the file as parameters that begin as they are there. */
export function trained(scope: Scope, tensors: ReadonlySet<OnnxTensor>): AdaptedImport {
  return {
    parameter: (tensor) =>
      tensors.has(tensor)
        ? scope.parameter(tensor.name, tensor.shape, {
            kind: 'values',
            values: unpackNumbers(tensor.data, tensor.dtype),
          })
        : undefined,
  };
}

/**
 * Learned vectors in the place of the embeddings of the first tokens (Lester et al., arXiv 2104.08691). The tokens that are fed there are never seen, but the
 * model numbers the places as if they were, so positions and masks are right.
 */
function softPrompted(
  scope: Scope,
  model: OnnxModel,
  { promptTokens: count }: Adaptation,
  tokens: string,
): AdaptedImport {
  return promptedImport(model, tokens, count, (examples, width) =>
    expand(scope.parameter('prompt', [count, width], normal(0.02), { decay: false }), [examples, count, width]),
  );
}

/** An import in which vectors [examples, count, width] stand in the place of the embeddings of the first `count` tokens. */
export function promptedImport(
  model: OnnxModel,
  tokens: string,
  count: number,
  prompt: (examples: number, width: number) => Value,
): AdaptedImport {
  const lookup = embeddingOf(model, tokens);
  return {
    change: (node, _inputs, [embedded]) => {
      if (node !== lookup || embedded === undefined) return undefined;
      const [examples, length, width] = embedded.shape as [number, number, number];
      return [concat([prompt(examples, width), narrow(embedded, 1, count, length - count)], 1)];
    },
  };
}
