import type { Value } from '../../graph/index.ts';
import type { Scope } from '../../nn/scope.ts';
import type { RememberingText } from '../recipe.ts';

/** What a pass through a network over tokens is told beside its tokens. */
export interface NetworkPass {
  /** Counter of random numbers, in training alone: dropout draws by it. */
  readonly counter?: Value | undefined;
  /** int64 [N]: the logits of one place of each sequence alone, [N, 1, vocabulary]. */
  readonly places?: Value | undefined;
}

/** Tokens int64 [N, tokens] → logits [N, tokens, vocabulary or more]. */
export type TokenNetwork = (scope: Scope, tokens: Value, pass: NetworkPass) => Value;

/** A faster way to write texts of a count and length, for networks that have one. */
export type Remember = (count: number, length: number) => RememberingText;
