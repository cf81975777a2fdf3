import type { LossScale } from './lossScale.ts';
import { type StateKey, stateKeys } from './stepNames.ts';

/** All that a run must remember between two steps. */
export interface TrainState {
  /** Steps done. Also the counter of the random numbers of the next one. */
  readonly step: number;
  /** Examples seen since the start of the run, over all epochs. */
  readonly position: number;
  /** Of runs that scale their loss, from their first step on. */
  readonly lossScale?: LossScale<number>;
  /** Flat vectors [parameters]. */
  readonly vectors: Readonly<Record<StateKey, Float32Array>>;
}

/** The state before the first step: the averaged weights begin as the weights. */
export function initialState(parameters: Float32Array): TrainState {
  return {
    step: 0,
    position: 0,
    vectors: {
      parameters,
      gradientSum: new Float32Array(parameters.length),
      squareSum: new Float32Array(parameters.length),
      average: parameters.slice(),
    },
  };
}

/** The first vector with a value that is not finite, or undefined where all are. */
export function nonFiniteVector(state: TrainState): StateKey | undefined {
  return stateKeys.find((key) => !allFinite(state.vectors[key]));
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
}
