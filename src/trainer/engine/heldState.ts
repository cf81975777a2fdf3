import type { Disposable } from '../../base/disposables.ts';
import type { DeviceTensor } from './deviceTensor.ts';
import type { ModelInput } from './session.ts';
import type { TrainState } from './trainState.ts';

/** The averaged weights [parameters] for models on the device that trains: as an array, or where the steps left them. */
export type AverageWeights = Float32Array | DeviceTensor;

/** Averaged weights as the input of a model. */
export function weightsInput(average: AverageWeights): ModelInput {
  return average instanceof Float32Array ? { data: average, shape: [average.length] } : average;
}

/**
 * The state of a run between two calls, where the steps left it: in arrays, or in the memory of a device from which it is brought only when somebody asks.
 * Calls do not change the state that they begin with, so it is still there when one fails. Dispose what is no longer needed.
 */
export interface HeldState extends Disposable {
  /** Steps done. */
  readonly step: number;
  /** Examples seen. */
  readonly position: number;
  readonly place: 'host' | 'device';
  /** The state as arrays; on the host those that it consists of. */
  download(): Promise<TrainState>;
  /** Borrowed: good until the state is disposed. */
  average(): Promise<AverageWeights>;
}

/** A state in arrays. */
export class HostState implements HeldState {
  readonly place = 'host';
  readonly state: TrainState;

  constructor(state: TrainState) {
    this.state = state;
  }

  get step(): number {
    return this.state.step;
  }

  get position(): number {
    return this.state.position;
  }

  async download(): Promise<TrainState> {
    return this.state;
  }

  async average(): Promise<AverageWeights> {
    return this.state.vectors.average;
  }

  dispose(): void {}
}
