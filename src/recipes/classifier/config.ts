import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { batchSizeField, commonFields } from '../commonFields.ts';

export const classifierKinds = ['cnn', 'mlp'] as const;
export type ClassifierKind = (typeof classifierKinds)[number];

export interface ClassifierConfig {
  readonly data: string;
  readonly batchSize: number;
  readonly network: ClassifierKind;
  readonly width: number;
}

/** Width of a network where the configuration leaves it empty. */
const defaultWidths = { cnn: 16, mlp: 256 } as const satisfies { readonly [Kind in ClassifierKind]: number };

export const classifierFields: readonly ConfigField[] = [
  {
    key: 'data',
    type: 'path',
    holds: 'images',
    default: null,
    required: true,
    description:
      'Folder of the images: IDX files (train-images…, train-labels…, t10k-…) or PNG and JPEG files in {train,test}/<class>/.',
  },
  batchSizeField(128),
  { key: 'network.kind', type: 'choice', choices: classifierKinds, default: 'cnn', description: 'The network.' },
  {
    key: 'network.width',
    type: 'integer',
    default: null,
    min: 1,
    max: 8192,
    description: 'Channels of the first convolution (cnn) or units of a hidden layer (mlp). Empty: 16, 256.',
  },
  ...commonFields({
    steps: 1500,
    'optimizer.learningRate': 0.002,
    'optimizer.weightDecay': 0.01,
    'optimizer.emaDecay': 0.99,
    sampleEvery: 0,
  }),
];

/** The typed form of a resolved configuration. */
export function readClassifierConfig(config: JsonObject): ClassifierConfig {
  const network = valueAt(config, 'network.kind') as ClassifierKind;
  return {
    data: (valueAt(config, 'data') ?? '') as string,
    batchSize: valueAt(config, 'batchSize') as number,
    network,
    width: (valueAt(config, 'network.width') as number | null) ?? defaultWidths[network],
  };
}
