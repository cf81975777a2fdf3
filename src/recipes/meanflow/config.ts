import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type ActivationName, activationNames } from '../../nn/activations.ts';
import { batchSizeField, commonFields } from '../commonFields.ts';

export const networkKinds = ['dit', 'unet', 'mlp'] as const;
export type NetworkKind = (typeof networkKinds)[number];

/** Sizes of a network. Not every network uses all of them. */
export interface NetworkSizes {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** null: as the images allow. */
  readonly patch: number | null;
  readonly halvings: number;
  readonly blocks: number;
  readonly activation: ActivationName;
}

export interface MeanFlowConfig {
  readonly data: string;
  readonly batchSize: number;
  readonly network: NetworkKind;
  readonly sizes: NetworkSizes;
  readonly linearPart: boolean;
  readonly loss: { readonly ratio: number; readonly power: number; readonly constant: number };
  readonly time: { readonly mean: number; readonly std: number };
  readonly samples: number;
  readonly judge: string;
}

/** Sizes that a network has where the configuration leaves them empty. */
const defaultSizes = {
  dit: { width: 128, layers: 4, heads: 4 },
  unet: { width: 32, layers: 1, heads: 4 },
  mlp: { width: 512, layers: 4, heads: 1 },
} as const satisfies { readonly [Kind in NetworkKind]: Pick<NetworkSizes, 'width' | 'layers' | 'heads'> };

export const meanFlowFields: readonly ConfigField[] = [
  {
    key: 'data',
    type: 'path',
    holds: 'images',
    default: null,
    required: true,
    description:
      'Folder of the images: IDX files (train-images…, train-labels…) or PNG and JPEG files in train/<class>/.',
  },
  batchSizeField(64, { min: 2 }),
  { key: 'network.kind', type: 'choice', choices: networkKinds, default: 'dit', description: 'The network.' },
  {
    key: 'network.width',
    type: 'integer',
    default: null,
    min: 4,
    max: 8192,
    description: 'Numbers per token (dit), channels at full resolution (unet) or units (mlp). Empty: 128, 32, 512.',
  },
  {
    key: 'network.layers',
    type: 'integer',
    default: null,
    min: 1,
    max: 256,
    description: 'Layers of a dit or mlp. Empty: 4.',
  },
  {
    key: 'network.heads',
    type: 'integer',
    default: null,
    min: 1,
    max: 256,
    description: 'Heads of each attention of a dit or unet. Empty: 4.',
  },
  {
    key: 'network.patch',
    type: 'integer',
    default: null,
    min: 1,
    unit: 'pixels',
    description:
      'Side of the patches of a dit; must divide the sides of the images. Empty: the largest up to 8 that does.',
  },
  {
    key: 'network.halvings',
    type: 'integer',
    default: 2,
    min: 1,
    max: 6,
    description: 'How often a unet halves the resolution.',
  },
  {
    key: 'network.blocks',
    type: 'integer',
    default: 1,
    min: 1,
    max: 16,
    description: 'Residual blocks of a unet per resolution.',
  },
  {
    key: 'network.activation',
    type: 'choice',
    choices: activationNames,
    default: 'squaredRelu',
    description: 'Activation in the feed-forward parts of a dit.',
  },
  {
    key: 'network.linearPart',
    type: 'boolean',
    default: true,
    description:
      'Whether the part of the velocity that is linear in the state is computed outright instead of learned.',
  },
  {
    key: 'loss.ratio',
    type: 'number',
    default: 1,
    min: 0,
    max: 1,
    description:
      'Part of each batch with r < t, which needs the derivative of the network along time. Higher is slower per step and better after equal steps.',
  },
  {
    key: 'loss.power',
    type: 'number',
    default: 0.5,
    min: 0,
    max: 4,
    description: 'Power p of the adaptive weight 1 / (error + constant)^p.',
  },
  {
    key: 'loss.constant',
    type: 'number',
    default: 0.001,
    min: 1e-12,
    max: 1e6,
    description: 'Constant of the adaptive weight.',
  },
  {
    key: 'time.mean',
    type: 'number',
    default: 0,
    description: 'Mean of the normal behind the logit-normal times; lower is nearer to the data.',
  },
  {
    key: 'time.std',
    type: 'number',
    default: 1.2,
    min: 0.01,
    max: 100,
    description: 'Standard deviation of the normal behind the logit-normal times.',
  },
  {
    key: 'samples.count',
    type: 'integer',
    default: 400,
    min: 1,
    max: 100000,
    description: 'Images drawn for the metrics of samples. The first 100 are shown.',
  },
  {
    key: 'judge',
    type: 'path',
    holds: 'onnx',
    default: '',
    description: 'model.onnx of a classifier run, which then judges the samples. Empty: no judge.',
  },
  ...commonFields({
    steps: 2000,
    sampleEvery: 250,
    'optimizer.learningRate': 0.002,
    'optimizer.beta2': 0.99,
  }),
];

/** The typed form of a resolved configuration. */
export function readMeanFlowConfig(config: JsonObject): MeanFlowConfig {
  const number = (key: string) => valueAt(config, key) as number;
  const text = (key: string) => (valueAt(config, key) ?? '') as string;
  const network = text('network.kind') as NetworkKind;
  const size = (key: 'width' | 'layers' | 'heads') =>
    (valueAt(config, `network.${key}`) as number | null) ?? defaultSizes[network][key];
  return {
    data: text('data'),
    batchSize: number('batchSize'),
    network,
    sizes: {
      width: size('width'),
      layers: size('layers'),
      heads: size('heads'),
      patch: valueAt(config, 'network.patch') as number | null,
      halvings: number('network.halvings'),
      blocks: number('network.blocks'),
      activation: text('network.activation') as ActivationName,
    },
    linearPart: valueAt(config, 'network.linearPart') as boolean,
    loss: { ratio: number('loss.ratio'), power: number('loss.power'), constant: number('loss.constant') },
    time: { mean: number('time.mean'), std: number('time.std') },
    samples: number('samples.count'),
    judge: text('judge'),
  };
}
