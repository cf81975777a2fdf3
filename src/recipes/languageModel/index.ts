import type { JsonObject } from '../../domain/json.ts';
import { exp } from '../../graph/index.ts';
import { weightedCrossEntropy } from '../../nn/losses.ts';
import { collectParameters, readingScope } from '../../nn/scope.ts';
import { optimizerSettings } from '../commonFields.ts';
import { type TokenFacts, tokenFacts } from '../data.ts';
import { type DataFacts, type Evaluation, type Program, type Recipe, randomCounter } from '../recipe.ts';
import { tokenSource } from '../tokenFields.ts';
import { type LanguageModelConfig, languageModelFields, readLanguageModelConfig } from './config.ts';
import { languageExport } from './exported.ts';
import { languageModelMetrics } from './metrics.ts';
import { languageNetwork, networkName } from './network.ts';
import { languageSamples } from './samples.ts';
import { summarizeScores, tokenScores } from './scores.ts';
import { tasks } from './tasks.ts';

/** Models of text or DNA: the next token, or hidden ones. */
export const languageModel: Recipe = {
  info: {
    id: 'language-model',
    title: 'Language model',
    description: 'Learns to tell the next or the hidden tokens of text or DNA.',
    version: 1,
    fields: languageModelFields,
    metrics: languageModelMetrics,
  },
  architecture(config: JsonObject, data: DataFacts): string {
    return `language-model-${networkName(readLanguageModelConfig(config), tokenFacts(data))}`;
  },
  dataSets(config: JsonObject) {
    const { data: path, task, window } = readLanguageModelConfig(config);
    const source = tokenSource(config, tasks[task].exampleLength(window));
    return [
      { name: 'train', path, split: 'train', required: true, source },
      { name: 'test', path, split: 'test', required: false, source },
    ];
  },
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readLanguageModelConfig(config);
    const facts = tokenFacts(data);
    return {
      parameters: collectParameters((scope) => {
        languageNetwork(scope, scope.graph.input('tokens', [1, settings.window], 'int64'), settings, facts);
      }),
      batchSize: settings.batchSize,
      optimizer: optimizerSettings(config),
      step({ graph, parameters, batch, counter }) {
        const { seen, targets, weights } = tasks[settings.task].ask(batch, counter, facts, settings);
        const logits = languageNetwork(readingScope(graph, parameters), seen, settings, facts, { counter });
        const loss = weightedCrossEntropy(logits, targets, weights);
        return { loss, metrics: { 'train/perplexity': exp(loss) } };
      },
      evaluations: [heldOut(settings, facts)],
      ...(settings.samples.count === 0 ? {} : { samples: languageSamples(settings, facts) }),
      model: languageExport(settings, facts),
    };
  },
};

/** Hidden tokens are drawn by a counter that never changes, so that the figures of all steps and runs can be compared. */
function heldOut(settings: LanguageModelConfig, facts: TokenFacts): Evaluation {
  return {
    data: 'test',
    batchSize: settings.batchSize,
    build(graph, parameters, batch) {
      const counter = graph.scalar(Number(randomCounter(0, 0)), 'int64');
      const { seen, targets, weights } = tasks[settings.task].ask(batch, counter, facts, settings);
      const logits = languageNetwork(readingScope(graph, parameters), seen, settings, facts);
      return tokenScores(logits, targets, weights);
    },
    summarize: summarizeScores,
  };
}
