import { cast, equal, not, reshape, type Value } from '../../graph/index.ts';
import { type ByteNetOptions, byteNet } from '../../nn/networks/byteNet.ts';
import {
  type LanguageModelOptions,
  languageModel,
  nextTokenLogits,
  type TokenPass,
} from '../../nn/networks/languageModel.ts';
import { readingScope, type Scope } from '../../nn/scope.ts';
import type { TokenFacts } from '../data.ts';
import type { LanguageModelConfig, LanguageNetwork } from './config.ts';
import { firstDropoutStream, networkVocabulary } from './tasks.ts';
import type { NetworkPass, Remember } from './tokenNetwork.ts';

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

/** A causal transformer one token at a time, with its keys and values as the state; undefined for other networks. */
export function rememberingNetwork(config: LanguageModelConfig, facts: TokenFacts): Remember | undefined {
  const { network, task } = config;
  if (network.kind !== 'transformer' || task !== 'causal') return undefined;
  const { dropout: _onlyInTraining, ...shape } = network;
  const { width, heads, layers } = shape;
  const options = { ...shape, vocabulary: networkVocabulary(task, facts.vocabulary), causal: true };
  const each = Array.from({ length: layers }, (_, layer) => layer);
  return (count, length) => {
    const memory = [count, heads, length, width / heads];
    return {
      state: Object.fromEntries(
        each.flatMap((layer) => [
          [`keys${layer}`, memory],
          [`values${layer}`, memory],
        ]),
      ),
      build(graph, parameters, token, place, state) {
        const past = {
          keys: each.map((layer) => state[`keys${layer}`]!),
          values: each.map((layer) => state[`values${layer}`]!),
        };
        const ids = reshape(cast(token, 'int64'), [count, 1]);
        const made = nextTokenLogits(readingScope(graph, parameters), ids, options, place, past);
        const next = each.flatMap((layer) => [
          [`keys${layer}`, made.memory.keys[layer]!] as const,
          [`values${layer}`, made.memory.values[layer]!] as const,
        ]);
        return { logits: reshape(made.logits, [count, -1]), next: Object.fromEntries(next) };
      },
    };
  };
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
