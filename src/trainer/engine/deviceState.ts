import type { DeviceCopies } from './deviceCopies.ts';
import { type DeviceTensor, disposeTensors } from './deviceTensor.ts';
import type { AverageWeights, HeldState } from './heldState.ts';
import { joinState } from './stateVectors.ts';
import type { TrainState } from './trainState.ts';
import type { TrainStep } from './trainStep.ts';

/** What a state on a device needs of the steps that made it. */
export interface StateSource {
  readonly step: TrainStep;
  readonly copies: DeviceCopies;
  /** Called when the state gives its memory back. */
  forget(state: DeviceState): void;
}

/** A state in the memory of a device, as tensors under the names of the model's inputs, which it owns. */
export class DeviceState implements HeldState {
  readonly place = 'device';
  readonly step: number;
  readonly position: number;
  readonly tensors: ReadonlyMap<string, DeviceTensor>;
  readonly #source: StateSource;
  #downloaded: Promise<TrainState> | undefined;
  #joining: Promise<DeviceTensor> | undefined;
  #average: DeviceTensor | undefined;
  #isDisposed = false;

  constructor(
    { step, position }: Pick<TrainState, 'step' | 'position'>,
    tensors: ReadonlyMap<string, DeviceTensor>,
    source: StateSource,
  ) {
    this.step = step;
    this.position = position;
    this.tensors = tensors;
    this.#source = source;
  }

  async download(): Promise<TrainState> {
    this.#downloaded ??= this.#fetch();
    return await this.#downloaded;
  }

  async average(): Promise<AverageWeights> {
    this.#joining ??= this.#join();
    return await this.#joining;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    disposeTensors(this.tensors);
    this.#average?.dispose();
    this.#source.forget(this);
  }

  async #fetch(): Promise<TrainState> {
    const values = await this.#source.copies.fetch('state', this.tensors);
    const joined = joinState(this.#source.step, (name) => values.get(name)!);
    return { step: this.step, position: this.position, ...joined };
  }

  async #join(): Promise<DeviceTensor> {
    const joined = await this.#source.copies.average(this.tensors);
    if (this.#isDisposed) joined.dispose();
    else this.#average = joined;
    return joined;
  }
}
