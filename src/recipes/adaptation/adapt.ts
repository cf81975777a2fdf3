import {
  type OnnxModel,
  type OnnxTensor,
  reshape,
  trainableTensors,
  unpackNumbers,
  type Value,
} from '../../graph/index.ts';
import { normal } from '../../nn/initializers.ts';
import type { Scope } from '../../nn/scope.ts';
import type { Adaptation, AdaptedImport, AdaptKind } from './adaptation.ts';
import { embeddingOf } from './embedding.ts';
import { lastProduct } from './fixedWeights.ts';
import { lowRank } from './lowRank.ts';
import { type PromptRoom, roomOf, withoutRoom, withRoom } from './promptRoom.ts';

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
 * Learned vectors in the place of the embeddings of some tokens (Lester et al., arXiv 2104.08691). The tokens that are fed there are never seen, but the
 * model numbers the places as if they were, so positions and masks are right.
 */
function softPrompted(scope: Scope, model: OnnxModel, adaptation: Adaptation, tokens: string): AdaptedImport {
  const { promptTokens: count } = adaptation;
  return promptedImport(model, tokens, roomOf(adaptation), (_examples, width) =>
    reshape(scope.parameter('prompt', [count, width], normal(0.02), { decay: false }), [1, count, width]),
  );
}

/** An import in which vectors [1 or examples, count, width] stand in the place of the embeddings in a room. */
export function promptedImport(
  model: OnnxModel,
  tokens: string,
  room: PromptRoom,
  prompt: (examples: number, width: number) => Value,
): AdaptedImport {
  const lookup = embeddingOf(model, tokens);
  return {
    change: (node, _inputs, [embedded]) => {
      if (node !== lookup || embedded === undefined) return undefined;
      const [examples, , width] = embedded.shape as [number, number, number];
      return [withRoom(withoutRoom(embedded, room), room, prompt(examples, width))];
    },
  };
}
