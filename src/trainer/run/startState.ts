import type { TrainState } from '../engine/trainState.ts';

/** The state that a run begins with. Whoever trains takes it, so that nobody else keeps it in memory: it weighs as much as every later one. */
export class StartState {
  readonly step: number;
  /** Of the parameters alone. */
  readonly parameterBytes: number;
  #state: TrainState | undefined;

  constructor(state: TrainState) {
    this.step = state.step;
    this.parameterBytes = state.vectors.parameters.byteLength;
    this.#state = state;
  }

  /** For a look at it before training begins. */
  borrow(): TrainState {
    if (this.#state === undefined) throw new Error('The state that the run began with was taken already.');
    return this.#state;
  }

  take(): TrainState {
    const state = this.borrow();
    this.#state = undefined;
    return state;
  }
}
