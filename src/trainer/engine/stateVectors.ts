import { lossScaleNames } from './lossScale.ts';
import { putPart } from './parameterParts.ts';
import { partName, type StateKey, stateKeys } from './stepNames.ts';
import { scalesLoss } from './stepNumbers.ts';
import type { TrainState } from './trainState.ts';
import type { TrainStep } from './trainStep.ts';

/** The whole vectors, and the scale of the loss where there is one, out of what a model gave for each of its states. */
export function joinState(
  step: TrainStep,
  numbersOf: (name: string) => Float32Array,
): Pick<TrainState, 'vectors' | 'lossScale'> {
  const vectors = joinVectors(step, (key, part) => numbersOf(partName(key, part)));
  if (!scalesLoss(step.numbers)) return { vectors };
  const value = (key: keyof typeof lossScaleNames) => numbersOf(lossScaleNames[key])[0]!;
  return { lossScale: { scale: value('scale'), goodSteps: value('goodSteps') }, vectors };
}

/** The whole vectors out of those of the parts. */
export function joinVectors(
  step: TrainStep,
  numbersOf: (key: StateKey, part: number) => Float32Array,
): TrainState['vectors'] {
  const joined = stateKeys.map((key) => [key, joinVector(step, (part) => numbersOf(key, part))] as const);
  return Object.fromEntries(joined) as Record<StateKey, Float32Array>;
}

/** One whole vector out of those of the parts. */
export function joinVector({ parts, pack }: TrainStep, numbersOf: (part: number) => Float32Array): Float32Array {
  const vector = new Float32Array(pack.size);
  for (const [i, part] of parts.entries()) putPart(vector, part, numbersOf(i));
  return vector;
}
