import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { batchSizeField } from '../commonFields.ts';
import { readTextSamples, type TextSampleConfig, tokenFields } from '../tokenFields.ts';
import { type LanguageTask, languageTasks } from './tasks.ts';

/** What every recipe that trains a language model decides. */
export interface LanguageSettings {
  readonly data: string;
  readonly task: LanguageTask;
  /** Tokens that the network sees. */
  readonly window: number;
  readonly batchSize: number;
  /** Part of the tokens that a masked model is to tell. */
  readonly maskFraction: number;
  readonly samples: TextSampleConfig;
  /** A table of single-base variants of the genome in the data; '' for none. */
  readonly variants: string;
}

/** The keys of those, beside the data and the texts. */
export const languageFields: readonly ConfigField[] = [
  ...tokenFields,
  batchSizeField(16, { of: 'Windows' }),
  {
    key: 'task',
    type: 'choice',
    choices: languageTasks,
    default: 'causal',
    description:
      'What is learned: causal, the next token (as GPT); masked, tokens that were hidden, from both sides (as BERT).',
  },
  {
    key: 'maskFraction',
    type: 'number',
    default: 0.15,
    min: 0.01,
    max: 0.9,
    description: 'Masked only: part of the tokens that are to be predicted.',
  },
];

/** Where text or DNA come from. */
export const languageDataField: ConfigField = {
  key: 'data',
  type: 'path',
  holds: 'language',
  default: null,
  required: true,
  description: 'Text, or DNA as FASTA or 2bit: a file, or a folder of files.',
};

/** The typed form of a resolved configuration with these keys. */
export function readLanguageSettings(config: JsonObject): LanguageSettings {
  return {
    data: (valueAt(config, 'data') ?? '') as string,
    batchSize: valueAt(config, 'batchSize') as number,
    task: valueAt(config, 'task') as LanguageTask,
    window: valueAt(config, 'window') as number,
    maskFraction: valueAt(config, 'maskFraction') as number,
    samples: readTextSamples(config),
    variants: (valueAt(config, 'variants') ?? '') as string,
  };
}
