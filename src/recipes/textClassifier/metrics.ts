import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import { classifierMetrics } from '../classifier/metrics.ts';

export const textClassifierMetrics: readonly MetricDefinition[] = [
  ...classifierMetrics,
  {
    tag: 'test/f1',
    title: 'Test F1',
    unit: '',
    direction: 'maximize',
    version: 1,
    description: 'Mean over the classes of the harmonic mean of precision and recall on the test set.',
  },
];
