import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import type { Recipe } from '../../recipes/recipe.ts';

export const speedTag = 'perf/steps_per_second';
/** Part of a call's time for which training waited for examples. */
export const dataWaitTag = 'perf/data_wait';
/** The most memory that the process has had so far, in MB. */
export const peakMemoryTag = 'perf/peak_memory';
/** Tag under which the picture of the samples is logged. */
export const samplesTag = 'samples';

/** What the trainer measures of every run, beside the metrics that recipes list. */
const trainerMetrics: readonly MetricDefinition[] = [
  {
    tag: speedTag,
    title: 'Steps per second',
    unit: '1/s',
    direction: 'maximize',
    version: 1,
    description: 'Training steps per second of the last call, without evaluations, samples and checkpoints.',
  },
  {
    tag: dataWaitTag,
    title: 'Waiting for data',
    unit: '',
    direction: 'minimize',
    version: 1,
    description: 'Part of the time of the last call for which training waited for examples, from 0 to 1.',
  },
  {
    tag: peakMemoryTag,
    title: 'Peak memory',
    unit: 'MB',
    direction: 'minimize',
    version: 1,
    description:
      'The most memory of the machine that the process of the training has had up to this step, in millions of bytes. run.json has what was estimated before it began.',
  },
];

/** All definitions of a run's metrics, one per tag. */
export function metricDefinitions(recipe: Recipe): readonly MetricDefinition[] {
  const own = new Set(recipe.info.metrics.map(({ tag }) => tag));
  return [...recipe.info.metrics, ...trainerMetrics.filter(({ tag }) => !own.has(tag))];
}
