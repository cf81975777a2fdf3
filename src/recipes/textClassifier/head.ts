import { cast, div, equal, mul, not, type OnnxModel, reduceSum, unsqueeze, type Value } from '../../graph/index.ts';
import { linear } from '../../nn/layers.ts';
import type { Scope } from '../../nn/scope.ts';
import { featuresOf, perToken } from '../adaptation/features.ts';
import { type PromptRoom, roomOf, withoutRoom } from '../adaptation/promptRoom.ts';
import type { TokenFacts } from '../data.ts';
import { runModel } from '../finetuneLanguage/network.ts';
import type { TextClassifierConfig } from './config.ts';

/** Parameters of the new last layer stand under this name. */
export const headScope = 'head';

/** Tokens int64 [N, tokens] → logits [N, classes]: the model up to its features, their mean over the tokens where each has some, and a new last layer. */
export function classifiedTexts(
  scope: Scope,
  tokens: Value,
  model: OnnxModel,
  config: TextClassifierConfig,
  facts: TokenFacts,
): Value {
  const name = featuresOf(model, config);
  const { outputs } = runModel(scope, tokens, model, config.adaptation, facts, name);
  const features = pooled(outputs.get(name)!, tokens, facts, roomOf(config.adaptation));
  return scope.within(headScope, (inner) => linear(inner, features, facts.classes));
}

/**
 * [N, width] as it is; [N, tokens, width], also with both axes in one, as the mean over the tokens that are no padding. The places of a soft prompt are no part of that.
 */
function pooled(value: Value, tokens: Value, { vocabulary }: TokenFacts, room: PromptRoom): Value {
  const [examples, length] = tokens.shape as [number, number];
  if (value.rank === 2 && value.shape[0] === examples) return value;
  const features = withoutRoom(perToken(value, examples, room.count + length), room);
  const visible = unsqueeze(cast(not(equal(tokens, vocabulary.pad)), 'float32'), [2]);
  const total = reduceSum(mul(features, visible), [1], false);
  return div(total, reduceSum(visible, [1], false));
}
