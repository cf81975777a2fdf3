import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { commonFields } from '../commonFields.ts';
import { languageDataField } from '../languageModel/settings.ts';
import { tokenFields } from '../tokenFields.ts';

export interface BridgeConfig {
  readonly data: string;
  readonly sender: string;
  readonly receiver: string;
  readonly batchSize: number;
  /** Tokens that the sender reads. */
  readonly window: number;
  /** Tokens behind them that the receiver is to tell. */
  readonly continuation: number;
  /** Name of the sender's value that is sent; '' where it is found by itself. */
  readonly features: string;
  readonly tokens: number;
  readonly heads: number;
}

const ownTokenFields = ['vocabulary', 'tokenizer', 'window', 'testFraction', 'testSequences'];

export const bridgeFields: readonly ConfigField[] = [
  languageDataField,
  {
    key: 'sender',
    type: 'path',
    holds: 'onnx',
    default: null,
    required: true,
    description: 'The ONNX language model that reads. It stays as it is.',
  },
  {
    key: 'receiver',
    type: 'path',
    holds: 'onnx',
    default: null,
    required: true,
    description: 'The ONNX language model that goes on. It stays as it is, and may be the same file.',
  },
  ...tokenFields.filter(({ key }) => ownTokenFields.includes(key)),
  {
    key: 'continuation',
    type: 'integer',
    default: 64,
    min: 2,
    max: 65536,
    unit: 'tokens',
    description: 'Tokens behind the window of the sender that the receiver is to tell.',
  },
  {
    key: 'batchSize',
    type: 'integer',
    default: 8,
    min: 1,
    max: 65536,
    unit: 'examples',
    description: 'Texts per step.',
  },
  {
    key: 'features',
    type: 'string',
    default: '',
    description:
      'Name of the value [batch, tokens, numbers] of the sender that is sent. Empty: what its last matrix product sees.',
  },
  { key: 'bridge.tokens', type: 'integer', default: 8, min: 1, max: 1024, description: 'Soft tokens of a message.' },
  {
    key: 'bridge.heads',
    type: 'integer',
    default: 4,
    min: 1,
    max: 256,
    description: 'Heads with which they look at the sender.',
  },
  ...commonFields({
    steps: 500,
    'optimizer.learningRate': 0.001,
    'optimizer.warmupSteps': 20,
    'optimizer.emaDecay': 0.99,
    sampleEvery: 0,
  }),
];

/** The typed form of a resolved configuration. */
export function readBridgeConfig(config: JsonObject): BridgeConfig {
  const number = (key: string) => valueAt(config, key) as number;
  const text = (key: string) => (valueAt(config, key) ?? '') as string;
  return {
    data: text('data'),
    sender: text('sender'),
    receiver: text('receiver'),
    batchSize: number('batchSize'),
    window: number('window'),
    continuation: number('continuation'),
    features: text('features'),
    tokens: number('bridge.tokens'),
    heads: number('bridge.heads'),
  };
}
