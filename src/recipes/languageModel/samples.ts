import { add, cast, reshape } from '../../graph/index.ts';
import { readingScope } from '../../nn/scope.ts';
import type { TokenFacts } from '../data.ts';
import type { TextSampleProgram } from '../recipe.ts';
import type { LanguageModelConfig } from './config.ts';
import { languageNetwork } from './network.ts';
import { maskToken, tasks } from './tasks.ts';

/** Texts of the model: a causal one writes forward; a masked one fills places in the order of a lottery, each seen by the next. */
export function languageSamples(config: LanguageModelConfig, facts: TokenFacts): TextSampleProgram {
  const { task, window, samples } = config;
  const { vocabulary } = facts;
  const { answerShift, sampleOrder } = tasks[task];
  return {
    kind: 'text',
    ...samples,
    length: samples.length === 0 ? window : Math.min(samples.length, window),
    vocabulary,
    order: sampleOrder,
    blank: task === 'masked' ? maskToken(vocabulary) : vocabulary.pad,
    build(graph, parameters, tokens, places) {
      const scope = readingScope(graph, parameters);
      const logits = languageNetwork(scope, cast(tokens, 'int64'), config, facts, {
        places: add(places, -answerShift),
      });
      return reshape(logits, [tokens.shape[0]!, -1]);
    },
  };
}
