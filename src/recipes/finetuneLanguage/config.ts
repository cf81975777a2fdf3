import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type Adaptation, adaptKinds } from '../adaptation/adapt.ts';
import { adaptationFields, readAdaptation } from '../adaptation/fields.ts';
import { commonFields } from '../commonFields.ts';
import type { LanguageSettings } from '../languageModel/program.ts';
import { type LanguageTask, languageTasks } from '../languageModel/tasks.ts';
import { readTextSamples, textFields, tokenFields } from '../tokenFields.ts';

export interface FinetuneLanguageConfig extends LanguageSettings {
  readonly data: string;
  readonly model: string;
  readonly adaptation: Adaptation;
}

export const finetuneLanguageFields: readonly ConfigField[] = [
  {
    key: 'data',
    type: 'path',
    default: null,
    required: true,
    description: 'Text, or DNA as FASTA or 2bit: a file, or a folder of files.',
  },
  {
    key: 'model',
    type: 'path',
    default: null,
    required: true,
    description:
      'The ONNX model to start from: token numbers in, logits out, exported with an open batch size and without a cache.',
  },
  ...tokenFields,
  {
    key: 'batchSize',
    type: 'integer',
    default: 8,
    min: 1,
    max: 65536,
    unit: 'examples',
    description: 'Windows per step.',
  },
  {
    key: 'task',
    type: 'choice',
    choices: languageTasks,
    default: 'causal',
    description: 'What the model does: causal, the next token (GPT, Llama); masked, tokens that were hidden (BERT).',
  },
  {
    key: 'maskFraction',
    type: 'number',
    default: 0.15,
    min: 0.01,
    max: 0.9,
    description: 'Masked only: part of the tokens that are to be told.',
  },
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
  const number = (key: string) => valueAt(config, key) as number;
  return {
    data: (valueAt(config, 'data') ?? '') as string,
    model: (valueAt(config, 'model') ?? '') as string,
    batchSize: number('batchSize'),
    task: valueAt(config, 'task') as LanguageTask,
    window: number('window'),
    maskFraction: number('maskFraction'),
    adaptation: readAdaptation(config),
    samples: readTextSamples(config),
    variants: (valueAt(config, 'variants') ?? '') as string,
  };
}
