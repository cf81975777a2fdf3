import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Adaptation, AdaptKind } from '../adaptation/adaptation.ts';
import { adaptDescription, lowRankFields, readLowRank } from '../adaptation/fields.ts';
import { batchSizeField, commonFields } from '../commonFields.ts';

/** Which weights change: all of the model's and those of a new head, the head alone, or the head and changes of low rank. */
export const trainableParts = ['all', 'head', 'lora', 'dora'] as const satisfies readonly AdaptKind[];
export type TrainablePart = (typeof trainableParts)[number];

export interface FinetuneConfig {
  readonly data: string;
  readonly model: string;
  readonly batchSize: number;
  readonly trainable: TrainablePart;
  /** Of changes of low rank. */
  readonly adaptation: Adaptation;
  /** Name of the value in the model that the new head sees; '' where it is found by itself. */
  readonly features: string;
  /** Per channel, of pixels from 0 to 1; one number stands for all channels. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export const finetuneFields: readonly ConfigField[] = [
  {
    key: 'data',
    type: 'path',
    holds: 'images',
    default: null,
    required: true,
    description:
      'Folder of the images: IDX files (train-images…, train-labels…, t10k-…) or PNG and JPEG files in {train,test}/<class>/.',
  },
  {
    key: 'model',
    type: 'path',
    holds: 'onnx',
    default: null,
    required: true,
    description: 'The ONNX model to start from, exported in evaluation mode with an open batch size.',
  },
  batchSizeField(32),
  {
    key: 'trainable',
    type: 'choice',
    choices: trainableParts,
    default: 'all',
    description: `${adaptDescription(trainableParts)} A new last layer is learned with all of them.`,
  },
  ...lowRankFields,
  {
    key: 'features',
    type: 'string',
    default: '',
    description:
      'Name of the value in the model that a new last layer sees. Empty: the input of its last matrix product.',
  },
  {
    key: 'mean',
    type: 'numbers',
    default: [0.5],
    description: 'Mean that the model wants taken from pixels between 0 and 1, per channel or one for all.',
  },
  {
    key: 'std',
    type: 'numbers',
    default: [0.5],
    description: 'What the model wants them divided by then, per channel or one for all.',
  },
  ...commonFields({
    steps: 500,
    'optimizer.learningRate': 0.0003,
    'optimizer.weightDecay': 0.01,
    'optimizer.emaDecay': 0.99,
    sampleEvery: 0,
  }),
];

/** The typed form of a resolved configuration. */
export function readFinetuneConfig(config: JsonObject): FinetuneConfig {
  return {
    data: (valueAt(config, 'data') ?? '') as string,
    model: (valueAt(config, 'model') ?? '') as string,
    batchSize: valueAt(config, 'batchSize') as number,
    trainable: valueAt(config, 'trainable') as TrainablePart,
    adaptation: { kind: valueAt(config, 'trainable') as TrainablePart, ...readLowRank(config), promptTokens: 0 },
    features: valueAt(config, 'features') as string,
    mean: valueAt(config, 'mean') as readonly number[],
    std: valueAt(config, 'std') as readonly number[],
  };
}
