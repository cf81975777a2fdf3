import { anySteps, nextName, scanModel } from '../../graph/index.ts';
import { modelOptions } from '../devices/providers.ts';
import { type HeldState, HostState } from './heldState.ts';
import { ModelSession, type TensorData } from './session.ts';
import { joinState } from './stateVectors.ts';
import { type CallResult, type StepCalls, type StepPlan, sequenceInputs, stateInputs } from './stepCalls.ts';
import { metricOutput } from './stepNames.ts';

/**
 * Steps in a loop of ONNX Runtime: the state goes in at the start of a call and comes out at its end. One model serves any number of steps, so that memory,
 * the time of its making and a data set in it are taken once.
 */
export class HostSteps implements StepCalls {
  readonly #plan: StepPlan;
  readonly #tracePrefix: string | undefined;
  #made: Promise<ModelSession> | undefined;
  #session: ModelSession | undefined;

  constructor(plan: StepPlan, tracePrefix: string | undefined) {
    this.#plan = plan;
    this.#tracePrefix = tracePrefix;
  }

  async prepare(): Promise<void> {
    await this.#model();
  }

  async run(from: HeldState, count: number): Promise<CallResult> {
    const { step, batchSize } = this.#plan;
    const state = await from.download();
    const session = await this.#model();
    const begin = performance.now();
    const sequence = await sequenceInputs(this.#plan, state, count);
    const loaded = performance.now();
    const inputs = { ...stateInputs(step, state), ...sequence };
    const handedOver = performance.now();
    const outputs = await session.run(inputs);
    const computed = performance.now();
    const next = {
      step: state.step + count,
      position: state.position + count * batchSize,
      ...joinState(step, (name) => outputs[nextName(name)] as Float32Array),
    };
    return {
      state: new HostState(next),
      metrics: metricsOf(step.tags, outputs),
      times: {
        data: loaded - begin,
        transferIn: handedOver - loaded,
        compute: computed - handedOver,
        update: 0,
        transferOut: performance.now() - computed,
      },
    };
  }

  endTrace(): void {
    this.#session?.endTrace();
  }

  dispose(): void {
    this.#session?.dispose();
    this.#session = undefined;
    this.#made = undefined;
  }

  async #model(): Promise<ModelSession> {
    this.#made ??= this.#make();
    return await this.#made;
  }

  async #make(): Promise<ModelSession> {
    const { step, placement, resident } = this.#plan;
    const rows = resident === undefined ? {} : { residentRows: { tables: resident.tables, isPartOfModel: true } };
    const model = scanModel(step.scan, anySteps, { ...modelOptions[placement.device], ...rows });
    const details = { dataBytes: resident?.bytes ?? 0 };
    this.#session = await ModelSession.create(model, placement, this.#tracePrefix, details);
    return this.#session;
  }
}

function metricsOf(
  tags: readonly string[],
  outputs: Readonly<Record<string, TensorData>>,
): ReadonlyMap<string, Float32Array> {
  return new Map(tags.map((tag) => [tag, outputs[metricOutput(tag)] as Float32Array]));
}
