import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import { accuracyMetrics } from '../classifier/metrics.ts';
import { commonMetrics } from '../commonFields.ts';

export const tabularMetrics: readonly MetricDefinition[] = [
  {
    tag: 'train/loss',
    title: 'Loss',
    unit: '',
    direction: 'minimize',
    version: 1,
    description:
      'Of the batch: mean cross-entropy in nats, or mean squared error of targets of mean 0 and deviation 1.',
    primary: true,
  },
  {
    tag: 'test/loss',
    title: 'Test loss',
    unit: '',
    direction: 'minimize',
    version: 1,
    description: 'The same with the averaged weights over the test set.',
    primary: true,
  },
  ...accuracyMetrics,
  {
    tag: 'train/absolute_error',
    title: 'Training error',
    unit: '',
    direction: 'minimize',
    version: 1,
    description: 'Mean distance from the target, in the units of the target, before the step.',
  },
  {
    tag: 'test/absolute_error',
    title: 'Test error',
    unit: '',
    direction: 'minimize',
    version: 1,
    description:
      'Mean distance from the target over the test set with the averaged weights, in the units of the target.',
    primary: true,
  },
  ...commonMetrics,
];
