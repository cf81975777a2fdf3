import type { DeviceName } from '../../domain/device.ts';
import { sizeOf } from '../../graph/index.ts';
import type { ParameterSpec } from '../../nn/scope.ts';
import type { DataFacts, OptimizerSettings, Program } from '../../recipes/recipe.ts';
import { smallestPart } from '../devices/providers.ts';
import { type StepNumbers, scalesLoss } from './stepNumbers.ts';
import { buildTrainStep, type TrainStep, type UpdatePlace } from './trainStep.ts';
import { groupsOf } from './updateGroups.ts';
import { hasUpdateKernel } from './updateMemory.ts';

/** The step of a program in the form that is best for a device. */
export function stepFor(device: DeviceName, program: Program, data: DataFacts, numbers: StepNumbers = {}): TrainStep {
  const updates = updatePlace(device, program.optimizer, program.parameters, numbers);
  return buildTrainStep(program, data, smallestPart[device], numbers, updates);
}

/**
 * Who makes the updates: on the CPU our kernel, unless it lacks the rule, the loss is scaled (steps of which may have to be dropped), or the vectors are too long
 * for it.
 */
export function updatePlace(
  device: DeviceName,
  optimizer: OptimizerSettings,
  parameters: readonly ParameterSpec[],
  numbers: StepNumbers,
): UpdatePlace {
  if (device !== 'cpu' || scalesLoss(numbers)) return 'model';
  const kinds = groupsOf(optimizer, parameters).settings.map(({ kind }) => kind);
  const size = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return hasUpdateKernel(kinds, size) ? 'kernel' : 'model';
}
