import type { HeldState } from './heldState.ts';
import { joinVector, joinVectors } from './stateVectors.ts';
import type { StateKey } from './stepNames.ts';
import type { TrainState } from './trainState.ts';
import type { TrainStep } from './trainStep.ts';
import type { UpdateMemory } from './updateMemory.ts';

/** A state in the memory of the kernel, of which it has one place. */
export class KernelState implements HeldState {
  readonly place = 'host';
  readonly step: number;
  readonly position: number;
  readonly #made: TrainStep;
  readonly #memory: UpdateMemory;
  #index: number | undefined;
  #moved: TrainState | undefined;

  constructor(
    { step, position }: Pick<TrainState, 'step' | 'position'>,
    made: TrainStep,
    memory: UpdateMemory,
    index: number,
  ) {
    this.step = step;
    this.position = position;
    this.#made = made;
    this.#memory = memory;
    this.#index = index;
  }

  /** Which place of the memory it has; undefined when it was moved out or disposed. */
  get index(): number | undefined {
    return this.#index;
  }

  async download(): Promise<TrainState> {
    return this.#moved ?? this.#copy();
  }

  async average(): Promise<Float32Array> {
    return this.#moved?.vectors.average ?? joinVector(this.#made, this.#vectors('average'));
  }

  /** Gives its place to another state; this one goes on in arrays. */
  moveOut(): void {
    this.#moved = this.#copy();
    this.#index = undefined;
  }

  dispose(): void {
    this.#moved = undefined;
    this.#index = undefined;
  }

  #copy(): TrainState {
    const vectors = joinVectors(this.#made, (key, part) => this.#vectors(key)(part));
    return { step: this.step, position: this.position, vectors };
  }

  /** The parts of one of its vectors, in the memory itself. */
  #vectors(key: StateKey): (part: number) => Float32Array {
    const index = this.#index;
    if (index === undefined) throw new Error('A state was read after it was given back.');
    return (part) => this.#memory.vector(index, key, part);
  }
}
