import { type ConfigField, valueAt } from '../../domain/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { batchSizeField, commonFields } from '../commonFields.ts';
import type { ArraySource } from '../data.ts';

export const tabularTasks = ['classification', 'regression'] as const;
export type TabularTask = (typeof tabularTasks)[number];

export interface TabularConfig {
  readonly data: string;
  readonly source: ArraySource;
  readonly task: TabularTask;
  readonly batchSize: number;
  readonly width: number;
  readonly layers: number;
  readonly dropout: number;
}

export const tabularFields: readonly ConfigField[] = [
  {
    key: 'data',
    type: 'path',
    holds: 'table',
    default: null,
    required: true,
    description:
      'A table: CSV, JSON lines, .npy, .npz or safetensors; or a folder with one for train and one for test.',
  },
  {
    key: 'target',
    type: 'string',
    column: { of: 'data' },
    default: 'target',
    description: 'Column or tensor that is to be predicted from the others.',
  },
  {
    key: 'features',
    type: 'string',
    column: { of: 'data', many: true },
    default: '',
    description: 'Columns or tensors to predict it from, joined by commas. Empty: all others.',
  },
  {
    key: 'task',
    type: 'choice',
    choices: tabularTasks,
    default: 'classification',
    description: 'Whether the target is one of several classes, or a number.',
  },
  {
    key: 'testFraction',
    type: 'number',
    default: 0.1,
    min: 0,
    max: 0.9,
    description: 'Part of the rows that is held out, where the files name no test set.',
  },
  batchSizeField(128),
  { key: 'network.width', type: 'integer', default: 128, min: 1, max: 8192, description: 'Units of a hidden layer.' },
  {
    key: 'network.layers',
    type: 'integer',
    default: 3,
    min: 0,
    max: 64,
    description: 'Hidden layers. 0: a linear model.',
  },
  {
    key: 'network.dropout',
    type: 'number',
    default: 0,
    min: 0,
    max: 0.95,
    description: 'Part of the hidden units that a training step leaves out.',
  },
  ...commonFields({
    steps: 2000,
    'optimizer.learningRate': 0.002,
    'optimizer.weightDecay': 0.01,
    'optimizer.emaDecay': 0.99,
    sampleEvery: 0,
  }),
];

/** The typed form of a resolved configuration. */
export function readTabularConfig(config: JsonObject): TabularConfig {
  const task = valueAt(config, 'task') as TabularTask;
  const names = (valueAt(config, 'features') as string).split(',').map((name) => name.trim());
  return {
    data: (valueAt(config, 'data') ?? '') as string,
    source: {
      kind: 'arrays',
      features: names.filter((name) => name !== ''),
      target: valueAt(config, 'target') as string,
      targetIsClass: task === 'classification',
      testFraction: valueAt(config, 'testFraction') as number,
    },
    task,
    batchSize: valueAt(config, 'batchSize') as number,
    width: valueAt(config, 'network.width') as number,
    layers: valueAt(config, 'network.layers') as number,
    dropout: valueAt(config, 'network.dropout') as number,
  };
}
