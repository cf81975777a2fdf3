import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import { commonMetrics } from '../commonFields.ts';

/** How often a classifier is right. */
export const accuracyMetrics: readonly MetricDefinition[] = [
  {
    tag: 'train/accuracy',
    title: 'Training accuracy',
    unit: '',
    direction: 'maximize',
    version: 1,
    description: 'Part of the batch that was classified rightly, before the step.',
  },
  {
    tag: 'test/accuracy',
    title: 'Test accuracy',
    unit: '',
    direction: 'maximize',
    version: 1,
    description: 'Part of the test set that the averaged weights classify rightly.',
    primary: true,
  },
];

export const classifierMetrics: readonly MetricDefinition[] = [
  {
    tag: 'train/loss',
    title: 'Loss',
    unit: 'nat',
    direction: 'minimize',
    version: 1,
    description: 'Mean cross-entropy of the batch.',
    primary: true,
  },
  ...accuracyMetrics,
  {
    tag: 'test/loss',
    title: 'Test loss',
    unit: 'nat',
    direction: 'minimize',
    version: 1,
    description: 'Mean cross-entropy of the averaged weights over the test set.',
  },
  ...commonMetrics,
];
