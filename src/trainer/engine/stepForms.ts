import { div, type Graph, type ScanStep, unreshaped, type Value, where } from '../../graph/index.ts';
import type { Program } from '../../recipes/recipe.ts';
import { isFiniteNorm, type LossScale, lossScaleKeys, lossScaleNames, nextLossScale } from './lossScale.ts';
import { matricesOf } from './muon.ts';
import { type OptimizerState, optimizerStep, type Schedule } from './optimizer.ts';
import type { PartedParameters } from './parameterParts.ts';
import type { StepGradients } from './stepGradients.ts';
import {
  gradientName,
  gradientNormTag,
  groupScheduleNames,
  lossScaleTag,
  lossTag,
  metricOutput,
  optimizerScope,
  partName,
  type StateKey,
  scheduleInput,
  stateKeys,
} from './stepNames.ts';
import type { UpdateGroups } from './updateGroups.ts';

/** What both kinds of steps are made of. */
export interface GivenStep {
  readonly program: Program;
  readonly groups: UpdateGroups;
  readonly parameters: PartedParameters;
  readonly lossScale: LossScale<Value> | undefined;
  readonly made: StepGradients;
  readonly sequence: ScanStep['sequence'];
}

/** What of a step depends on who makes its update. */
export interface StepForm {
  /** With updates by the kernel, parameters are constants of it and gradients are among its per-step values (`gradientName`). */
  readonly scan: ScanStep;
  /** Tags of the values that come back per step. */
  readonly tags: readonly string[];
}

/** With the update as nodes behind the gradients. */
export function stepWithUpdate({ program, groups, parameters, lossScale, made, sequence }: GivenStep): StepForm {
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

/** Gradients alone, for updates by the kernel. */
export function stepForKernel({ parameters, made: { loss, metrics, gradients }, sequence }: GivenStep): StepForm {
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

function withPrefix(perStep: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(perStep).map(([tag, value]) => [metricOutput(tag), value]));
}

/** The scalars of a group's schedule as inputs. The averaged weights have one gain for all groups. */
function scheduleInputs(graph: Graph, group: number): Schedule<Value> {
  const names = groupScheduleNames(group).map((name) => [name, graph.input(scheduleInput(name, group), [])] as const);
  return Object.fromEntries(names) as Schedule<Value>;
}

function lossScaleStates(inputs: LossScale<Value> | undefined, good: Value): ScanStep['state'] {
  if (inputs === undefined) return [];
  const next = nextLossScale(inputs, good);
  return lossScaleKeys.map((key) => ({ name: lossScaleNames[key], input: inputs[key], next: next[key] }));
}
