import { lossScaleNames } from './lossScale.ts';
import { putPart } from './parameterParts.ts';
import { scalesLoss } from './stepNumbers.ts';
import type { TrainState } from './trainState.ts';
import { partName, type StateKey, stateKeys, type TrainStep } from './trainStep.ts';

/** The whole vectors, and the scale of the loss where there is one, out of what a model gave for each of its states. */
export function joinState(
  { parts, pack, numbers }: TrainStep,
  numbersOf: (name: string) => Float32Array,
): Pick<TrainState, 'vectors' | 'lossScale'> {
  const joined = stateKeys.map((key) => {
    const vector = new Float32Array(pack.size);
    for (const [i, part] of parts.entries()) putPart(vector, part, numbersOf(partName(key, i)));
    return [key, vector] as const;
  });
  const vectors = Object.fromEntries(joined) as Record<StateKey, Float32Array>;
  if (!scalesLoss(numbers)) return { vectors };
  const value = (key: keyof typeof lossScaleNames) => numbersOf(lossScaleNames[key])[0]!;
  return { lossScale: { scale: value('scale'), goodSteps: value('goodSteps') }, vectors };
}
