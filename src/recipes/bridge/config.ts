import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Adaptation } from '../adaptation/adaptation.ts';
import { lowRankFields, promptField, readLowRank } from '../adaptation/fields.ts';
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
  readonly method: BridgeMethod;
  /** Of the receiver, for the methods that adapt it. */
  readonly adaptation: Adaptation;
  /** Whether evaluations also measure what the receiver makes of the text itself. */
  readonly compareText: boolean;
  /** Other texts ahead of that, as examples; 0: none. */
  readonly shots: number;
}

/** How the receiver comes to know what the sender read: by the message of a bridge, or, to compare with, by reading the text itself, adapted to that. */
export const bridgeMethods = ['bridge', 'lora', 'dora', 'soft-prompt'] as const;
export type BridgeMethod = (typeof bridgeMethods)[number];

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
  {
    key: 'method',
    type: 'choice',
    choices: bridgeMethods,
    default: 'bridge',
    description:
      'What is learned: a message of soft tokens (bridge); or, to compare with, the receiver reads the text itself and is adapted by lora, dora or soft-prompt.',
  },
  ...lowRankFields,
  promptField,
  {
    key: 'compare.text',
    type: 'boolean',
    default: false,
    description:
      'Evaluations also measure what the receiver as it is makes of the text itself (zero-shot), and trainyard eval times both ways. The receiver must have places for window + continuation tokens.',
  },
  {
    key: 'compare.shots',
    type: 'integer',
    default: 0,
    min: 0,
    max: 64,
    description:
      'With compare.text: other texts ahead of the text, as examples (few-shot). The receiver must have places for all of them.',
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
  const method = text('method') as BridgeMethod;
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
    method,
    adaptation: {
      kind: method === 'bridge' ? 'soft-prompt' : method,
      ...readLowRank(config),
      promptTokens: number('prompt.tokens'),
    },
    compareText: valueAt(config, 'compare.text') === true,
    shots: number('compare.shots'),
  };
}
