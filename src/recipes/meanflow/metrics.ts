import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import { commonMetrics } from '../commonFields.ts';

export const meanFlowMetrics: readonly MetricDefinition[] = [
  {
    tag: 'train/loss',
    title: 'Loss',
    unit: '',
    direction: 'minimize',
    version: 1,
    description: 'Mean over the batch of error / (error + constant)^power. Its level depends on constant and power.',
    primary: true,
  },
  {
    tag: 'train/error',
    title: 'Squared error',
    unit: '',
    direction: 'minimize',
    version: 1,
    description: 'Mean squared difference of mean velocity and target per pixel, without the adaptive weight.',
  },
  {
    tag: 'train/du_dt_norm',
    title: 'Size of du/dt',
    unit: '',
    direction: 'none',
    version: 1,
    description:
      'Root mean square per pixel of the derivative of the mean velocity along the path, over the examples with r < t. It must not grow.',
  },
  {
    tag: 'samples/confidence',
    title: 'Confidence of the judge',
    unit: '',
    direction: 'maximize',
    version: 1,
    description:
      'Mean over the one-step samples of the highest class probability that the judge gives, whichever class it is.',
    primary: true,
  },
  {
    tag: 'samples/accuracy',
    title: 'Class as asked for',
    unit: '',
    direction: 'maximize',
    version: 1,
    description: 'Part of the one-step samples that the judge puts into the class that was asked for.',
    primary: true,
  },
  {
    tag: 'samples/distinct_classes',
    title: 'Different classes',
    unit: '',
    direction: 'maximize',
    version: 1,
    description: 'How many classes the judge finds among the one-step samples.',
  },
  ...commonMetrics,
];
