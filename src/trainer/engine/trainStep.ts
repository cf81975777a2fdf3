import { Graph, ParameterPack, type ParameterSlot, type Value } from '../../graph/index.ts';
import { exampleTensors } from '../../recipes/data.ts';
import type { Batch, DataFacts, OptimizerSettings, Program } from '../../recipes/recipe.ts';
import { type LossScale, lossScaleNames } from './lossScale.ts';
import { type ParameterPart, PartedParameters, partsOf } from './parameterParts.ts';
import { type GivenStep, type StepForm, stepForKernel, stepWithUpdate } from './stepForms.ts';
import { stepGradients } from './stepGradients.ts';
import { parametersName, partName } from './stepNames.ts';
import { type StepNumbers, scalesLoss } from './stepNumbers.ts';
import { groupsOf } from './updateGroups.ts';

/** Who makes a step of the optimizer: nodes of the step's model, or our own program behind it (`UpdateMemory`). */
export type UpdatePlace = 'model' | 'kernel';

/** One training step as a graph, and what its vectors hold. */
export interface TrainStep extends StepForm {
  readonly updates: UpdatePlace;
  /** Where each parameter lies in the run's whole vectors. */
  readonly layout: readonly ParameterSlot[];
  /** How the whole vectors are cut for the model, which has an input `partName(key, i)` for each. */
  readonly parts: readonly ParameterPart[];
  /** Settings of the optimizer, by number of the group of a part. */
  readonly groups: readonly OptimizerSettings[];
  readonly numbers: StepNumbers;
  readonly pack: ParameterPack;
}

/**
 * Builds the step of a program: loss, gradient, optimizer and averaged weights. Tensors of `smallestPart` elements are parts of their own. With
 * `accumulate`, the program is one for a part of the batch, and the model takes as many of them per step.
 */
export function buildTrainStep(
  program: Program,
  data: DataFacts,
  smallestPart: number,
  numbers: StepNumbers = {},
  updates: UpdatePlace = 'model',
): TrainStep {
  const pack = declareParameters(new Graph(), program, parametersName);
  const groups = groupsOf(program.optimizer, program.parameters);
  const parts = partsOf(pack.layout, program.parameters, smallestPart, groups);
  const graph = new Graph();
  const parameters = new PartedParameters(graph, parts, (i) => partName('parameters', i));
  const ahead = (numbers.accumulate ?? 1) === 1 ? [] : [numbers.accumulate!];
  const batch = batchInputs(graph, data, program.batchSize, ahead);
  const counter = graph.input('counter', ahead, 'int64');
  const lossScale = scalesLoss(numbers) ? lossScaleInputs(graph) : undefined;
  const sources = { graph, parameters, batch, counter, scale: lossScale?.scale };
  const made = stepGradients(program, sources, numbers);
  const sequence = [...Object.entries(batch), ['counter', counter] as const].map(([name, input]) => ({ name, input }));
  const common = { pack, groups: groups.settings, parts, layout: pack.layout, numbers, updates };
  const given: GivenStep = { program, groups, parameters, lossScale, made, sequence };
  return { ...common, ...(updates === 'kernel' ? stepForKernel(given) : stepWithUpdate(given)) };
}

function lossScaleInputs(graph: Graph): LossScale<Value> {
  return { scale: graph.input(lossScaleNames.scale, []), goodSteps: graph.input(lossScaleNames.goodSteps, []) };
}

/** The tensors of a batch as inputs of the graph, under their own names, with the axes `ahead` in front. */
export function batchInputs(graph: Graph, data: DataFacts, batchSize: number, ahead: readonly number[] = []): Batch {
  const tensors = Object.entries(exampleTensors(data));
  return Object.fromEntries(
    tensors.map(([name, { shape, dtype }]) => [name, graph.input(name, [...ahead, batchSize, ...shape], dtype)]),
  );
}

/** A pack with all parameters of a program; its flat vector is a graph input. */
export function declareParameters(graph: Graph, program: Program, name: string): ParameterPack {
  const pack = new ParameterPack(graph, name);
  for (const spec of program.parameters) pack.declare(spec.name, spec.shape, spec.initializer);
  return pack;
}
