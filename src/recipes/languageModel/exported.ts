import { readingScope } from '../../nn/scope.ts';
import type { TokenFacts } from '../data.ts';
import type { ExportedModel } from '../recipe.ts';
import type { LanguageModelConfig } from './config.ts';
import { languageNetwork } from './network.ts';
import { networkVocabulary } from './tasks.ts';

/** The trained network as a file: tokens [batch, window] in, logits out. Its metadata say what the tokens are. */
export function languageExport(config: LanguageModelConfig, facts: TokenFacts): ExportedModel {
  const { window, task } = config;
  // Where the tokenizer lay on this machine is nobody's business elsewhere; its content is told by the hash.
  const { file: _place, ...vocabulary } = facts.vocabulary;
  const size = networkVocabulary(task, facts.vocabulary);
  return {
    build(graph, parameters, batch) {
      const tokens = graph.input('tokens', [batch, window], 'int64');
      const logits = languageNetwork(readingScope(graph, parameters), tokens, config, facts);
      return { inputs: [tokens], outputs: { logits } };
    },
    metadata: {
      task: `${task} language model`,
      inputs: `tokens: int64 [batch, ${window}], 0 to ${size - 1}`,
      outputs: `logits: float32 [batch, ${window}, ${size}]${task === 'causal' ? ', of the next token' : ''}`,
      vocabulary: JSON.stringify(vocabulary),
    },
  };
}
