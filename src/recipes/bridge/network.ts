import { add, expand, narrow, type OnnxModel, type Value } from '../../graph/index.ts';
import { attention } from '../../nn/attention.ts';
import { swiGlu } from '../../nn/feedForward.ts';
import { normal } from '../../nn/initializers.ts';
import { linear } from '../../nn/layers.ts';
import { rmsNorm } from '../../nn/normalization.ts';
import type { Scope } from '../../nn/scope.ts';
import { promptedImport } from '../adaptation/adapt.ts';
import { featuresOf, perToken } from '../adaptation/features.ts';
import { noRoom } from '../adaptation/promptRoom.ts';
import type { TokenFacts } from '../data.ts';
import { logitsOf, runImported, tokenInput } from '../finetuneLanguage/network.ts';
import type { BridgeConfig } from './config.ts';

/** Both models and how they are joined. */
export interface BridgeParts {
  readonly sender: OnnxModel;
  readonly receiver: OnnxModel;
  readonly config: BridgeConfig;
  readonly facts: TokenFacts;
}

/** What the sender makes of its tokens: int64 [N, tokens] → [N, tokens, its width]. Nothing of it is learned. */
export function senderStates(tokens: Value, { sender, config, facts }: BridgeParts): Value {
  const name = featuresOf(sender, config);
  const { outputs } = runImported(tokens, sender, facts, name, noRoom, {});
  const [examples, length] = tokens.shape as [number, number];
  return perToken(outputs.get(name)!, examples, length);
}

/**
 * The message: learned queries that look at the sender's states, [N, tokens, any width] → soft tokens [N, count, width] for the receiver. One layer of cross-attention and
 * one feed-forward layer, as the resampler of Flamingo has them (Alayrac et al., arXiv 2204.14198, §3.1).
 */
export function softTokens(scope: Scope, states: Value, width: number, { tokens: count, heads }: BridgeConfig): Value {
  const examples = states.shape[0]!;
  return scope.within('bridge', (bridge) => {
    const queries = bridge.parameter('queries', [count, width], normal(0.02), { decay: false });
    const normed = bridge.within('norm', (norm) => rmsNorm(norm, states));
    const context = bridge.within('input', (inner) => linear(inner, normed, width, { bias: false }));
    const asked = expand(queries, [examples, count, width]);
    const heard = add(
      asked,
      bridge.within('attention', (inner) => attention(inner, asked, { heads, context })),
    );
    return add(
      heard,
      bridge.within('feedForward', (inner) =>
        swiGlu(
          inner,
          inner.within('norm', (norm) => rmsNorm(norm, heard)),
          2 * width,
        ),
      ),
    );
  });
}

/** What the receiver tells about its tokens behind a message: logits of each of them, the first from the message alone, [N, tokens, its vocabulary]. */
export function heardLogits(message: (width: number) => Value, tokens: Value, parts: BridgeParts): Value {
  const { receiver, config, facts } = parts;
  const { tokens: count } = config;
  const room = { count, behind: 0 };
  const adapted = promptedImport(receiver, tokenInput(receiver).name, room, (_examples, width) => message(width));
  const { name } = logitsOf(receiver);
  const logits = runImported(tokens, receiver, facts, name, room, adapted).outputs.get(name)!;
  return narrow(logits, 1, count - 1, tokens.shape[1]!);
}

/** The same without a message: logits of all tokens but the first. */
export function aloneLogits(tokens: Value, { receiver, facts }: BridgeParts): Value {
  const { name } = logitsOf(receiver);
  const logits = runImported(tokens, receiver, facts, name, noRoom, {}).outputs.get(name)!;
  return narrow(logits, 1, 0, tokens.shape[1]! - 1);
}
