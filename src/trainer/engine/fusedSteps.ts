import type { Disposable } from '../../base/disposables.ts';
import { learningRateAt } from '../../recipes/recipe.ts';
import { keepsState } from '../devices/providers.ts';
import { DeviceSteps } from './deviceSteps.ts';
import { type HeldState, HostState } from './heldState.ts';
import { HostSteps } from './hostSteps.ts';
import { KernelSteps } from './kernelSteps.ts';
import type { CallResult, CallTimes, StepCalls, StepPlan } from './stepCalls.ts';
import { learningRateTag } from './stepNames.ts';
import type { TrainState } from './trainState.ts';

export type { CallResult, CallTimes, StepPlan } from './stepCalls.ts';

/** What one call gave back: the state behind its last step, and per tag one value for each step. */
export interface FusedResult {
  readonly state: TrainState;
  readonly metrics: ReadonlyMap<string, Float32Array>;
  readonly times: CallTimes;
}

/** Runs training steps, several of them in one call. The result does not depend on how steps are grouped. */
export class FusedSteps implements Disposable {
  readonly #plan: StepPlan;
  readonly #calls: StepCalls;

  /** With `tracePrefix`, ONNX Runtime traces every node of every call; see `endTrace`. */
  constructor(plan: StepPlan, tracePrefix?: string) {
    this.#plan = plan;
    const Calls = callsOf(plan);
    this.#calls = new Calls(plan, tracePrefix);
  }

  /** Makes the model ready, so that the first call does not have to. */
  async prepare(): Promise<void> {
    await this.#calls.prepare();
  }

  /** A state in arrays as one to begin with. */
  hold(state: TrainState): HeldState {
    return new HostState(state);
  }

  /** Goes `count` steps on from a state, which stays as it is, also where this fails. The state that comes out is the caller's to dispose. */
  async advance(from: HeldState, count: number): Promise<CallResult> {
    const { optimizer, totalSteps } = this.#plan;
    const { state, metrics, times } = await this.#calls.run(from, count);
    const rates = Float32Array.from({ length: count }, (_, i) => learningRateAt(optimizer, from.step + i, totalSteps));
    return { state, metrics: new Map([...metrics, [learningRateTag, rates]]), times };
  }

  /** `advance` from and to arrays. */
  async run(state: TrainState, count: number): Promise<FusedResult> {
    const result = await this.advance(this.hold(state), count);
    try {
      return { ...result, state: await result.state.download() };
    } finally {
      result.state.dispose();
    }
  }

  /** Closes the trace file. */
  endTrace(): void {
    this.#calls.endTrace();
  }

  /** Also ends every state that lies on the device. */
  dispose(): void {
    this.#calls.dispose();
  }
}

function callsOf({ step, placement }: StepPlan): new (plan: StepPlan, tracePrefix: string | undefined) => StepCalls {
  if (step.updates === 'kernel') return KernelSteps;
  return keepsState[placement.device] ? DeviceSteps : HostSteps;
}
