import { nextName, singleStepModel, tableInput } from '../../graph/index.ts';
import { modelOptions } from '../devices/providers.ts';
import { DeviceCopies } from './deviceCopies.ts';
import { DeviceState } from './deviceState.ts';
import { type DeviceTensor, disposeTensors } from './deviceTensor.ts';
import type { HeldState } from './heldState.ts';
import { type ModelInput, ModelSession, type TensorInput } from './session.ts';
import { type CallResult, ofStep, type StepCalls, type StepPlan, sequenceInputs, stateInputs } from './stepCalls.ts';
import { metricOutput } from './stepNames.ts';

/**
 * Steps one by one on a device where tensors can lie between calls of ONNX Runtime: what a step leaves is fed to the next one, and no state crosses the bus.
 * Metrics are fetched at the end of a call, so that the device is handed a step while it still computes the one before. A loop in the model would be worse:
 * WebGPU has no kernel for Scan, which would then hand the state over at every step.
 */
export class DeviceSteps implements StepCalls {
  readonly #plan: StepPlan;
  readonly #tracePrefix: string | undefined;
  readonly #copies: DeviceCopies;
  readonly #states = new Set<DeviceState>();
  readonly #tables = new Map<string, DeviceTensor>();
  #session: ModelSession | undefined;
  #made: Promise<ModelSession> | undefined;

  constructor(plan: StepPlan, tracePrefix: string | undefined) {
    this.#plan = plan;
    this.#tracePrefix = tracePrefix;
    this.#copies = new DeviceCopies(plan);
  }

  async prepare(): Promise<void> {
    this.#made ??= this.#make();
    await this.#made;
  }

  async run(from: HeldState, count: number): Promise<CallResult> {
    await this.prepare();
    const { step, batchSize } = this.#plan;
    const begin = performance.now();
    const sequence = await sequenceInputs(this.#plan, from, count);
    const loaded = performance.now();
    const isHere = from instanceof DeviceState;
    const first = isHere ? Object.fromEntries(from.tensors) : stateInputs(step, await from.download());
    const handedOver = performance.now();
    const { tensors, metrics } = await this.#goOn(first, sequence, count);
    const compute = performance.now() - handedOver;
    const at = { step: from.step + count, position: from.position + count * batchSize };
    const forget = (gone: DeviceState) => void this.#states.delete(gone);
    const state = new DeviceState(at, tensors, { step, copies: this.#copies, forget });
    this.#states.add(state);
    const times = { data: loaded - begin, transferIn: handedOver - loaded, compute, update: 0, transferOut: 0 };
    return { state, metrics, times };
  }

  endTrace(): void {
    this.#session?.endTrace();
  }

  /** Tensors go before the sessions that made them. */
  dispose(): void {
    for (const state of [...this.#states]) state.dispose();
    disposeTensors(this.#tables);
    this.#tables.clear();
    this.#copies.dispose();
    this.#session?.dispose();
    this.#session = undefined;
    this.#made = undefined;
  }

  /** The steps of a call. What was made is given back where one of them fails; what the call began with is not touched. */
  async #goOn(
    first: Readonly<Record<string, ModelInput>>,
    sequence: Readonly<Record<string, TensorInput>>,
    count: number,
  ): Promise<{ tensors: ReadonlyMap<string, DeviceTensor>; metrics: ReadonlyMap<string, Float32Array> }> {
    const measured: ReadonlyMap<string, DeviceTensor>[] = [];
    let last: ReadonlyMap<string, DeviceTensor> = new Map();
    try {
      for (let i = 0; i < count; i++) {
        const state = i === 0 ? first : Object.fromEntries(last);
        const made = await this.#step({ ...state, ...ofStep(sequence, i) });
        disposeTensors(last);
        last = made.state;
        measured.push(made.metrics);
      }
      return { tensors: last, metrics: await this.#fetchMetrics(measured) };
    } catch (error) {
      disposeTensors(last);
      throw error;
    } finally {
      for (const each of measured) disposeTensors(each);
    }
  }

  async #step(inputs: Readonly<Record<string, ModelInput>>): Promise<{
    readonly state: ReadonlyMap<string, DeviceTensor>;
    readonly metrics: ReadonlyMap<string, DeviceTensor>;
  }> {
    const { scan, tags } = this.#plan.step;
    const outputs = await this.#session!.runHeld({ ...inputs, ...Object.fromEntries(this.#tables) });
    return {
      state: new Map(scan.state.map(({ name }) => [name, outputs.get(nextName(name))!])),
      metrics: new Map(tags.map((tag) => [tag, outputs.get(metricOutput(tag))!])),
    };
  }

  async #fetchMetrics(
    measured: readonly ReadonlyMap<string, DeviceTensor>[],
  ): Promise<ReadonlyMap<string, Float32Array>> {
    const metrics = new Map(this.#plan.step.tags.map((tag) => [tag, new Float32Array(measured.length)]));
    for (const [i, each] of measured.entries()) {
      for (const [tag, [value]] of await this.#copies.fetch('metrics', each)) metrics.get(tag)![i] = value!;
    }
    return metrics;
  }

  async #make(): Promise<ModelSession> {
    const { step, placement, resident } = this.#plan;
    const rows = resident === undefined ? {} : { residentRows: { tables: resident.tables, isPartOfModel: false } };
    const bytes = singleStepModel(step.scan, { ...modelOptions[placement.device], ...rows });
    const held = [...step.scan.state.map(({ name }) => nextName(name)), ...step.tags.map(metricOutput)];
    this.#session = await ModelSession.create(bytes, placement, this.#tracePrefix, { held });
    for (const [name, table] of Object.entries(resident?.tables ?? {})) {
      this.#tables.set(tableInput(name), await this.#copies.upload(name, table));
    }
    return this.#session;
  }
}
