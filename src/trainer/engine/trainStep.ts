import {
  div,
  Graph,
  ParameterPack,
  type ParameterSlot,
  type ScanStep,
  unreshaped,
  type Value,
  where,
} from '../../graph/index.ts';
import { exampleTensors } from '../../recipes/data.ts';
import type { Batch, DataFacts, OptimizerSettings, Program } from '../../recipes/recipe.ts';
import { isFiniteNorm, type LossScale, lossScaleKeys, lossScaleNames, nextLossScale } from './lossScale.ts';
import { matricesOf } from './muon.ts';
import { type OptimizerState, optimizerStep, type Schedule, type ScheduleName, scheduleNames } from './optimizer.ts';
import { type ParameterPart, PartedParameters, partsOf } from './parameterParts.ts';
import { type StepGradients, stepGradients } from './stepGradients.ts';
import { type StepNumbers, scalesLoss } from './stepNumbers.ts';
import { groupsOf, type UpdateGroups } from './updateGroups.ts';

/** What the vectors of the optimizer's state are called in the model of a step. */
const stateNames = {
  parameters: 'parameters',
  gradientSum: 'gradient_sum',
  squareSum: 'square_sum',
  average: 'average',
} as const satisfies OptimizerState<string>;
export type StateKey = keyof typeof stateNames;
export const stateKeys = Object.keys(stateNames) as readonly StateKey[];

/** What the trainer itself measures at each step. */
export const lossTag = 'train/loss';
export const gradientNormTag = 'train/grad_norm';
export const learningRateTag = 'train/lr';
export const lossScaleTag = 'train/loss_scale';

/** What the names of the optimizer's nodes begin with, for profiles. */
export const optimizerScope = 'optimizer';

/** Prefix of the per-step outputs, so that no tag is the name of something else in the model. */
const metricPrefix = 'metric:';

/** Who makes a step of the optimizer: nodes of the step's model, or our own program behind it (`UpdateMemory`). */
export type UpdatePlace = 'model' | 'kernel';

/** One training step as a graph, and what its vectors hold. */
export interface TrainStep {
  /** With updates by the kernel, parameters are constants of it and gradients are among its per-step values (`gradientName`). */
  readonly scan: ScanStep;
  readonly updates: UpdatePlace;
  /** Where each parameter lies in the run's whole vectors. */
  readonly layout: readonly ParameterSlot[];
  /** How the whole vectors are cut for the model, which has an input `partName(key, i)` for each. */
  readonly parts: readonly ParameterPart[];
  /** Settings of the optimizer, by number of the group of a part. */
  readonly groups: readonly OptimizerSettings[];
  readonly numbers: StepNumbers;
  /** Tags of the values that come back per step. */
  readonly tags: readonly string[];
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
  const pack = declareParameters(new Graph(), program, stateNames.parameters);
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

/** What both kinds of steps are made of. */
interface GivenStep {
  readonly program: Program;
  readonly groups: UpdateGroups;
  readonly parameters: PartedParameters;
  readonly lossScale: LossScale<Value> | undefined;
  readonly made: StepGradients;
  readonly sequence: ScanStep['sequence'];
}

type MadeStep = Pick<TrainStep, 'scan' | 'tags'>;

function stepWithUpdate({ program, groups, parameters, lossScale, made, sequence }: GivenStep): MadeStep {
  const { graph } = made.loss;
  const { loss, metrics, gradients } = made;
  const schedules = groups.settings.map((_, group) => scheduleInputs(graph, group));
  const states = stateInputs(parameters);
  const changes = parameters.parts.map((part, i) => ({
    state: states[i]!,
    gradient: lossScale === undefined ? gradients[i]! : div(gradients[i]!, lossScale.scale),
    decays: part.decays,
    group: { settings: groups.settings[part.group]!, schedule: schedules[part.group]! },
    ...(groups.settings[part.group]!.kind === 'muon' ? { matrices: matricesOf(part.slots) } : {}),
  }));
  const { next, gradientNorm } = graph.scope(optimizerScope, () =>
    optimizerStep(program.optimizer, changes, schedules[0]!),
  );
  const good = isFiniteNorm(gradientNorm);
  const kept = (old: Value, made: Value) => (lossScale === undefined ? made : where(good, made, old));
  const perStep: Record<string, Value> = {
    [lossTag]: loss,
    ...metrics,
    [gradientNormTag]: gradientNorm,
    ...(lossScale === undefined ? {} : { [lossScaleTag]: lossScale.scale }),
  };
  return {
    tags: Object.keys(perStep),
    scan: {
      graph,
      state: [
        ...states.flatMap((state, i) =>
          stateKeys.map((key) => ({
            name: partName(key, i),
            input: state[key],
            next: kept(state[key], next[i]![key]),
          })),
        ),
        ...lossScaleStates(lossScale, good),
      ],
      sequence: [
        ...sequence,
        ...schedules.flatMap((schedule, group) =>
          groupScheduleNames(group).map((name) => ({ name: scheduleInput(name, group), input: schedule[name] })),
        ),
      ],
      perStep: withPrefix(perStep),
    },
  };
}

function stepForKernel({ parameters, made: { loss, metrics, gradients }, sequence }: GivenStep): MadeStep {
  const perStep = { [lossTag]: loss, ...metrics };
  return {
    tags: [...Object.keys(perStep), gradientNormTag],
    scan: {
      graph: loss.graph,
      state: [],
      sequence,
      constants: parameters.flat.map((input, i) => ({ name: partName('parameters', i), input })),
      // A Reshape to a vector would copy what its operator can write to where it is wanted.
      perStep: {
        ...withPrefix(perStep),
        ...Object.fromEntries(gradients.map((gradient, i) => [gradientName(i), unreshaped(gradient)])),
      },
    },
  };
}

function withPrefix(perStep: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(perStep).map(([tag, value]) => [metricOutput(tag), value]));
}

/** The scalars of a group's schedule as inputs. The averaged weights have one gain for all groups. */
function scheduleInputs(graph: Graph, group: number): Schedule<Value> {
  const names = groupScheduleNames(group).map((name) => [name, graph.input(scheduleInput(name, group), [])] as const);
  return Object.fromEntries(names) as Schedule<Value>;
}

/** The numbers of a schedule that a group has of its own. */
export function groupScheduleNames(group: number): readonly ScheduleName[] {
  return group === 0 ? scheduleNames : scheduleNames.filter((name) => name !== 'averageGain');
}

/** The input that holds a number of a group's schedule. */
export function scheduleInput(name: ScheduleName, group: number): string {
  return group === 0 ? name : `${name}:${group}`;
}

function lossScaleInputs(graph: Graph): LossScale<Value> {
  return { scale: graph.input(lossScaleNames.scale, []), goodSteps: graph.input(lossScaleNames.goodSteps, []) };
}

function lossScaleStates(inputs: LossScale<Value> | undefined, good: Value): ScanStep['state'] {
  if (inputs === undefined) return [];
  const next = nextLossScale(inputs, good);
  return lossScaleKeys.map((key) => ({ name: lossScaleNames[key], input: inputs[key], next: next[key] }));
}

/** The tensors of a batch as inputs of the graph, under their own names, with the axes `ahead` in front. */
export function batchInputs(graph: Graph, data: DataFacts, batchSize: number, ahead: readonly number[] = []): Batch {
  const tensors = Object.entries(exampleTensors(data));
  return Object.fromEntries(
    tensors.map(([name, { shape, dtype }]) => [name, graph.input(name, [...ahead, batchSize, ...shape], dtype)]),
  );
}

/** The vectors of every part as inputs of the graph. */
export function stateInputs(parameters: PartedParameters): readonly OptimizerState<Value>[] {
  return parameters.flat.map((flat, i) => {
    const vector = (key: StateKey) => flat.graph.input(partName(key, i), flat.shape);
    return {
      parameters: flat,
      gradientSum: vector('gradientSum'),
      squareSum: vector('squareSum'),
      average: vector('average'),
    };
  });
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

/** A pack with all parameters of a program; its flat vector is a graph input. */
export function declareParameters(graph: Graph, program: Program, name: string): ParameterPack {
  const pack = new ParameterPack(graph, name);
  for (const spec of program.parameters) pack.declare(spec.name, spec.shape, spec.initializer);
  return pack;
}
