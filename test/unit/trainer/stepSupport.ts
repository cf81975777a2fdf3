import { add, mul, reduceSum, sub, type Value } from '../../../src/graph/index.ts';
import type { ParameterSpec } from '../../../src/nn/scope.ts';
import type { OptimizerSettings, Program, StepInputs } from '../../../src/recipes/recipe.ts';
import { BatchLoader } from '../../../src/trainer/data/batches.ts';
import { LabelledImages } from '../../../src/trainer/data/images/labelledImages.ts';
import { FusedSteps } from '../../../src/trainer/engine/fusedSteps.ts';
import { updatePlace } from '../../../src/trainer/engine/stepFor.ts';
import type { StepNumbers } from '../../../src/trainer/engine/stepNumbers.ts';
import { initialState, type TrainState } from '../../../src/trainer/engine/trainState.ts';
import { buildTrainStep, type TrainStep, type UpdatePlace } from '../../../src/trainer/engine/trainStep.ts';

/** A data set for programs that look at no data. */
export const oneImage = new LabelledImages({
  name: 'train',
  path: '',
  images: new Uint8Array(1),
  labels: new Uint8Array(1),
  shape: [1, 1, 1, 1],
  classes: 1,
});

/** A program of a loss alone. */
export function programOf(
  parameters: readonly ParameterSpec[],
  optimizer: OptimizerSettings,
  loss: (inputs: StepInputs) => Value,
): Program {
  return {
    parameters,
    batchSize: 1,
    optimizer,
    step: (inputs) => ({ loss: loss(inputs), metrics: {} }),
    evaluations: [],
    model: { build: () => ({ inputs: [], outputs: {} }), metadata: {} },
  };
}

/** Σ weight · (parameter − goal)², over all of `goals`. */
export function squaredDistance(
  { graph, parameters }: StepInputs,
  goals: Readonly<Record<string, { readonly goal: ArrayLike<number>; readonly weight?: ArrayLike<number> }>>,
): Value {
  const parts = Object.entries(goals).map(([name, { goal, weight }]) => {
    const value = parameters(name);
    const off = sub(value, graph.constant(goal, value.shape));
    const square = mul(off, off);
    const weighed = weight === undefined ? square : mul(square, graph.constant(weight, value.shape));
    return reduceSum(weighed, undefined, false);
  });
  return parts.reduce((sum, part) => add(sum, part));
}

export interface StepOptions {
  readonly smallestPart?: number;
  readonly totalSteps: number;
  readonly numbers?: StepNumbers;
  readonly data?: LabelledImages;
  /** As on the CPU by default. */
  readonly updates?: UpdatePlace;
}

/** Steps of a program on one CPU thread, and the state that they begin with. */
export function fusedStepsOf(
  program: Program,
  { smallestPart = 100, totalSteps, numbers = {}, data = oneImage, updates }: StepOptions,
): { readonly steps: FusedSteps; readonly first: TrainState; readonly step: TrainStep } {
  const place = updates ?? updatePlace('cpu', program.optimizer, program.parameters, numbers);
  const step = buildTrainStep(program, data.facts, smallestPart, numbers, place);
  const steps = new FusedSteps({
    step,
    optimizer: program.optimizer,
    batchSize: program.batchSize * (numbers.accumulate ?? 1),
    totalSteps,
    seed: 0,
    loader: new BatchLoader(data, 0),
    placement: { device: 'cpu', threads: 1 },
  });
  return { steps, first: initialState(step.pack.initialValues(0)), step };
}
