import { cast, equal, not, type Value } from '../../graph/index.ts';
import { type ByteNetOptions, byteNet } from '../../nn/networks/byteNet.ts';
import { type LanguageModelOptions, languageModel, type TokenPass } from '../../nn/networks/languageModel.ts';
import type { Scope } from '../../nn/scope.ts';
import type { TokenFacts } from '../data.ts';
import type { LanguageModelConfig, LanguageNetwork } from './config.ts';
import type { NetworkPass } from './program.ts';
import { firstDropoutStream, networkVocabulary } from './tasks.ts';

/** Tokens int64 [N, tokens] → logits [N, tokens, vocabulary] by the network that a configuration names. */
export function languageNetwork(
  scope: Scope,
  tokens: Value,
  config: LanguageModelConfig,
  facts: TokenFacts,
  { counter, places }: NetworkPass = {},
): Value {
  const { network, task } = config;
  const dropout =
    counter === undefined || network.dropout === 0
      ? undefined
      : { rate: network.dropout, counter, firstStream: firstDropoutStream };
  const options: BothOptions = {
    ...network,
    vocabulary: networkVocabulary(task, facts.vocabulary),
    causal: task === 'causal',
    dropout,
  };
  // Behind a causal model's tokens nothing is seen anyway, and padding stands at the end.
  const visible = facts.weighted && task === 'masked' ? notPadding(tokens, facts) : undefined;
  return networks[network.kind](scope, tokens, options, { places, visible });
}

/** What the shapes of parameters depend on, for the names of architectures. */
export function networkName({ network, task }: LanguageModelConfig, { vocabulary }: TokenFacts): string {
  const { kind, width, layers } = network;
  const size = `${vocabulary.kind}-v${networkVocabulary(task, vocabulary)}`;
  return `${task}-${kind}-w${width}-l${layers}-${shapes[kind](network)}-${size}`;
}

type BothOptions = LanguageModelOptions & ByteNetOptions;

const networks: {
  readonly [K in LanguageNetwork]: (scope: Scope, ids: Value, options: BothOptions, pass: TokenPass) => Value;
} = { transformer: languageModel, bytenet: byteNet };

const shapes: { readonly [K in LanguageNetwork]: (network: LanguageModelConfig['network']) => string } = {
  transformer: ({ heads, tied }) => `h${heads}${tied ? '-tied' : ''}`,
  bytenet: ({ firstKernel, kernel, dilationCycle }) => `k${firstKernel}-${kernel}-d${dilationCycle}`,
};

function notPadding(tokens: Value, { vocabulary }: TokenFacts): Value {
  return cast(not(equal(tokens, vocabulary.pad)), 'float32');
}
