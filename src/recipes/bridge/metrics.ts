import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import { commonMetrics } from '../commonFields.ts';

export const bridgeMetrics: readonly MetricDefinition[] = [
  {
    tag: 'train/loss',
    title: 'Loss',
    unit: 'nat',
    direction: 'minimize',
    version: 1,
    description: 'Mean cross-entropy of the tokens that the receiver tells behind the message.',
    primary: true,
  },
  {
    tag: 'val/loss',
    title: 'Validation loss',
    unit: 'nat',
    direction: 'minimize',
    version: 1,
    description: 'The same over the held-out texts, without the first token of each.',
    primary: true,
  },
  {
    tag: 'val/loss_alone',
    title: 'Validation loss without message',
    unit: 'nat',
    direction: 'none',
    version: 1,
    description: 'What the receiver alone makes of the same tokens: the message is worth the difference.',
  },
  ...commonMetrics,
];
