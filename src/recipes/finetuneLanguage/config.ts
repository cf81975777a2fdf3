import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type Adaptation, adaptKinds } from '../adaptation/adaptation.ts';
import { adaptationFields, readAdaptation } from '../adaptation/fields.ts';
import { commonFields } from '../commonFields.ts';
import {
  type LanguageSettings,
  languageDataField,
  languageFields,
  readLanguageSettings,
} from '../languageModel/settings.ts';
import { textFields } from '../tokenFields.ts';

export interface FinetuneLanguageConfig extends LanguageSettings {
  readonly model: string;
  readonly adaptation: Adaptation;
}

export const finetuneLanguageFields: readonly ConfigField[] = [
  languageDataField,
  {
    key: 'model',
    type: 'path',
    holds: 'onnx',
    default: null,
    required: true,
    description:
      'The ONNX model to start from: token numbers in, logits out, exported with an open batch size and without a cache.',
  },
  ...languageFields,
  ...adaptationFields(adaptKinds, 'lora'),
  ...textFields,
  ...commonFields({
    steps: 500,
    'optimizer.learningRate': 0.001,
    'optimizer.warmupSteps': 20,
    'optimizer.emaDecay': 0.99,
  }),
];

/** The typed form of a resolved configuration. */
export function readFinetuneLanguageConfig(config: JsonObject): FinetuneLanguageConfig {
  return {
    ...readLanguageSettings(config),
    model: (valueAt(config, 'model') ?? '') as string,
    adaptation: readAdaptation(config),
  };
}
