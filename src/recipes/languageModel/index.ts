import type { JsonObject } from '../../domain/json.ts';
import { optimizerSettings } from '../commonFields.ts';
import { tokenFacts } from '../data.ts';
import type { DataFacts, Program, Recipe } from '../recipe.ts';
import { languageModelFields, readLanguageModelConfig } from './config.ts';
import { languageModelMetrics } from './metrics.ts';
import { languageNetwork, networkName, rememberingNetwork } from './network.ts';
import { languageData, languageProgram } from './program.ts';

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
  dataSets: (config: JsonObject) => languageData(config, readLanguageModelConfig(config)),
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readLanguageModelConfig(config);
    const facts = tokenFacts(data);
    return languageProgram(
      (scope, tokens, pass) => languageNetwork(scope, tokens, settings, facts, pass),
      settings,
      facts,
      optimizerSettings(config),
      rememberingNetwork(settings, facts),
    );
  },
};
