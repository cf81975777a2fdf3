import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { commonFields } from '../commonFields.ts';
import { textFields } from '../tokenFields.ts';
import { type LanguageSettings, languageDataField, languageFields, readLanguageSettings } from './settings.ts';

export const languageNetworks = ['transformer', 'bytenet'] as const;
export type LanguageNetwork = (typeof languageNetworks)[number];

export interface LanguageModelConfig extends LanguageSettings {
  readonly network: NetworkConfig;
}

export interface NetworkConfig {
  readonly kind: LanguageNetwork;
  readonly width: number;
  readonly layers: number;
  readonly dropout: number;
  /** Transformer only. */
  readonly heads: number;
  readonly tied: boolean;
  /** ByteNet only. */
  readonly firstKernel: number;
  readonly kernel: number;
  readonly dilationCycle: number;
}

export const languageModelFields: readonly ConfigField[] = [
  languageDataField,
  ...languageFields,
  {
    key: 'network.kind',
    type: 'choice',
    choices: languageNetworks,
    default: 'transformer',
    description: 'The network: a transformer with rotary positions, or dilated convolutions.',
  },
  { key: 'network.width', type: 'integer', default: 128, min: 2, max: 16384, description: 'Numbers per token.' },
  { key: 'network.layers', type: 'integer', default: 4, min: 1, max: 256, description: 'Layers.' },
  {
    key: 'network.dropout',
    type: 'number',
    default: 0,
    min: 0,
    max: 0.9,
    description: 'Part of the numbers that are dropped behind each part of a layer in training.',
  },
  { key: 'network.heads', type: 'integer', default: 4, min: 1, max: 256, description: 'Transformer: heads.' },
  {
    key: 'network.tied',
    type: 'boolean',
    default: false,
    description: 'Transformer: the output uses the table of the embedding.',
  },
  {
    key: 'network.firstKernel',
    type: 'integer',
    default: 9,
    min: 1,
    max: 255,
    description: 'Network of convolutions: tokens that the first layer sees at once.',
  },
  {
    key: 'network.kernel',
    type: 'integer',
    default: 5,
    min: 1,
    max: 255,
    description: 'Network of convolutions: places that each further layer sees at once.',
  },
  {
    key: 'network.dilationCycle',
    type: 'integer',
    default: 8,
    min: 1,
    max: 16,
    description: 'Network of convolutions: gaps double from layer to layer and begin anew after so many.',
  },
  ...textFields,
  ...commonFields({
    'optimizer.learningRate': 0.001,
    'optimizer.beta2': 0.95,
    'optimizer.weightDecay': 0.01,
    'optimizer.finalFraction': 0.1,
    'optimizer.emaDecay': 0.99,
  }),
];

/** The typed form of a resolved configuration. */
export function readLanguageModelConfig(config: JsonObject): LanguageModelConfig {
  const number = (key: string) => valueAt(config, key) as number;
  return {
    ...readLanguageSettings(config),
    network: {
      kind: valueAt(config, 'network.kind') as LanguageNetwork,
      width: number('network.width'),
      layers: number('network.layers'),
      dropout: number('network.dropout'),
      heads: number('network.heads'),
      tied: valueAt(config, 'network.tied') === true,
      firstKernel: number('network.firstKernel'),
      kernel: number('network.kernel'),
      dilationCycle: number('network.dilationCycle'),
    },
  };
}
