import { type OptimizerState, type ScheduleName, scheduleNames } from './optimizer.ts';

/** What the vectors of the optimizer's state are called in the model of a step. */
const stateNames = {
  parameters: 'parameters',
  gradientSum: 'gradient_sum',
  squareSum: 'square_sum',
  average: 'average',
} as const satisfies OptimizerState<string>;
export type StateKey = keyof typeof stateNames;
export const stateKeys = Object.keys(stateNames) as readonly StateKey[];

/** The input of a model that holds all parameters. */
export const parametersName = stateNames.parameters;

/** What the trainer itself measures at each step. */
export const lossTag = 'train/loss';
export const gradientNormTag = 'train/grad_norm';
export const learningRateTag = 'train/lr';
export const lossScaleTag = 'train/loss_scale';

/** What the names of the optimizer's nodes begin with, for profiles. */
export const optimizerScope = 'optimizer';

/** Prefix of the per-step outputs, so that no tag is the name of something else in the model. */
const metricPrefix = 'metric:';

/** The numbers of a schedule that a group has of its own. */
export function groupScheduleNames(group: number): readonly ScheduleName[] {
  return group === 0 ? scheduleNames : scheduleNames.filter((name) => name !== 'averageGain');
}

/** The input that holds a number of a group's schedule. */
export function scheduleInput(name: ScheduleName, group: number): string {
  return group === 0 ? name : `${name}:${group}`;
}

/** The input of a step's model that holds a vector of a part. */
export function partName(key: StateKey, part: number): string {
  return `${stateNames[key]}:${part}`;
}

/** The output of a step's model for the kernel that holds the gradient along a part. */
export function gradientName(part: number): string {
  return `gradient:${part}`;
}

/** The name of the output that holds a metric of all steps. */
export function metricOutput(tag: string): string {
  return metricPrefix + tag;
}
