import type { JsonObject } from '../../domain/json.ts';
import { adaptationName } from '../adaptation/fields.ts';
import { rewrittenModel } from '../adaptation/rewrite.ts';
import { optimizerSettings } from '../commonFields.ts';
import { tokenFacts } from '../data.ts';
import { loadOnnxModel } from '../finetune/model.ts';
import { languageModelMetrics } from '../languageModel/metrics.ts';
import { languageData, languageProgram } from '../languageModel/program.ts';
import type { DataFacts, Program, Recipe } from '../recipe.ts';
import { finetuneLanguageFields, readFinetuneLanguageConfig } from './config.ts';
import { importedLanguageModel, modelScope, tokenInput } from './network.ts';

/** A language model that came from elsewhere, adapted to other text. */
export const finetuneLanguage: Recipe = {
  info: {
    id: 'finetune-language',
    title: 'Fine-tune a language model',
    description:
      'Adapts an ONNX language model, for instance a GPT or BERT from PyTorch, to text or DNA: by LoRA, a soft prompt, its last layer or all weights.',
    version: 1,
    fields: finetuneLanguageFields,
    metrics: languageModelMetrics,
  },
  architecture(config: JsonObject, data: DataFacts): string {
    const { model, adaptation, task } = readFinetuneLanguageConfig(config);
    const { vocabulary } = tokenFacts(data);
    const { digest } = loadOnnxModel(model);
    return `finetune-language-${digest}-${adaptationName(adaptation)}-${task}-${vocabulary.kind}-v${vocabulary.size}`;
  },
  dataSets: (config: JsonObject) => languageData(config, readFinetuneLanguageConfig(config)),
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readFinetuneLanguageConfig(config);
    const facts = tokenFacts(data);
    const { model } = loadOnnxModel(settings.model);
    const { adaptation } = settings;
    const network = importedLanguageModel(model, adaptation, facts);
    const program = languageProgram(network, settings, facts, optimizerSettings(config));
    const { task, vocabulary } = program.model.metadata as { readonly task: string; readonly vocabulary: string };
    return {
      ...program,
      model: {
        rewrite: (learned) =>
          rewrittenModel(model, adaptation, tokenInput(model).name, (name) => learned(`${modelScope}/${name}`)),
        metadata: { task, vocabulary },
      },
    };
  },
};
