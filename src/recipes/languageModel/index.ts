import type { JsonObject } from '../../domain/json.ts';
import { optimizerSettings } from '../commonFields.ts';
import { tokenFacts } from '../data.ts';
import type { DataFacts, Program, Recipe } from '../recipe.ts';
import { tokenSource } from '../tokenFields.ts';
import { languageModelFields, readLanguageModelConfig } from './config.ts';
import { languageModelMetrics } from './metrics.ts';
import { languageNetwork, networkName } from './network.ts';
import { languageProgram } from './program.ts';
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
    return languageProgram(
      (scope, tokens, pass) => languageNetwork(scope, tokens, settings, facts, pass),
      settings,
      facts,
      optimizerSettings(config),
    );
  },
};
