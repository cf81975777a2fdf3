import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Adaptation } from '../adaptation/adaptation.ts';
import { adaptationFields, readAdaptation } from '../adaptation/fields.ts';
import { batchSizeField, commonFields } from '../commonFields.ts';
import type { RecordSource, VocabularyKind } from '../data.ts';
import { tokenFields } from '../tokenFields.ts';

export interface TextClassifierConfig {
  readonly data: string;
  readonly model: string;
  readonly batchSize: number;
  readonly window: number;
  readonly adaptation: Adaptation;
  /** Name of the value in the model that the new head sees; '' where it is found by itself. */
  readonly features: string;
  readonly source: RecordSource;
}

const kinds = ['all', 'lora', 'dora', 'head', 'soft-prompt'] as const;

const ownTokenFields = ['vocabulary', 'tokenizer', 'window', 'testFraction'];

export const textClassifierFields: readonly ConfigField[] = [
  {
    key: 'data',
    type: 'path',
    holds: 'records',
    default: null,
    required: true,
    description: 'JSON lines with a text and a label each: a file, or a folder of files.',
  },
  {
    key: 'model',
    type: 'path',
    holds: 'onnx',
    default: null,
    required: true,
    description:
      'The ONNX language model to start from: token numbers in, exported with an open batch size and without a cache.',
  },
  {
    key: 'records.text',
    type: 'string',
    column: { of: 'data' },
    default: 'text',
    description: 'Field of a line that holds the text.',
  },
  {
    key: 'records.label',
    type: 'string',
    column: { of: 'data' },
    default: 'label',
    description: 'Field of a line that holds its class.',
  },
  ...tokenFields.filter(({ key }) => ownTokenFields.includes(key)),
  batchSizeField(16, { of: 'Texts' }),
  {
    key: 'features',
    type: 'string',
    default: '',
    description:
      'Name of the value in the model that a new last layer sees: [batch, numbers], or [batch, tokens, numbers], of which the mean is taken. Empty: the input of its last matrix product.',
  },
  ...adaptationFields(kinds, 'lora'),
  ...commonFields({
    steps: 500,
    'optimizer.learningRate': 0.001,
    'optimizer.warmupSteps': 20,
    'optimizer.emaDecay': 0.99,
    sampleEvery: 0,
  }),
];

/** The typed form of a resolved configuration. */
export function readTextClassifierConfig(config: JsonObject): TextClassifierConfig {
  const number = (key: string) => valueAt(config, key) as number;
  const text = (key: string) => (valueAt(config, key) ?? '') as string;
  const window = number('window');
  return {
    data: text('data'),
    model: text('model'),
    batchSize: number('batchSize'),
    window,
    adaptation: { ...readAdaptation(config), promptBehind: 1 },
    features: text('features'),
    source: {
      kind: 'records',
      vocabulary: text('vocabulary') as VocabularyKind,
      tokenizer: text('tokenizer'),
      window,
      text: text('records.text'),
      label: text('records.label'),
      testFraction: number('testFraction'),
    },
  };
}
