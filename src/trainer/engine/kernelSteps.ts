import { singleStepModel } from '../../graph/index.ts';
import { modelOptions } from '../devices/providers.ts';
import type { HeldState } from './heldState.ts';
import { KernelState } from './kernelState.ts';
import type { Schedule } from './optimizer.ts';
import { takePart } from './parameterParts.ts';
import { ModelSession, type TensorInput } from './session.ts';
import { type CallResult, ofStep, type StepCalls, type StepPlan, sequenceInputs } from './stepCalls.ts';
import {
  gradientName,
  gradientNormTag,
  groupScheduleNames,
  metricOutput,
  partName,
  scheduleInput,
} from './stepNames.ts';
import { type GroupUpdate, heldStates, keepsAverages, UpdateMemory } from './updateMemory.ts';

/**
 * Steps on the CPU whose gradients ONNX Runtime computes, straight into the memory of our own program, which makes the step of the optimizer: ONNX Runtime reads
 * the parameters where the program wrote them, and nothing is copied.
 */
export class KernelSteps implements StepCalls {
  readonly #plan: StepPlan;
  readonly #tracePrefix: string | undefined;
  readonly #states = new Set<KernelState>();
  #memory: UpdateMemory | undefined;
  #made: Promise<void> | undefined;
  #session: ModelSession | undefined;

  constructor(plan: StepPlan, tracePrefix: string | undefined) {
    this.#plan = plan;
    this.#tracePrefix = tracePrefix;
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
    const places = await this.#placesFor(from);
    const handedOver = performance.now();
    const metrics = new Map(step.tags.map((tag) => [tag, new Float32Array(count)]));
    const first = this.#parameters(places.source);
    const later = this.#parameters(places.target);
    const gradients = this.#gradients();
    let update = 0;
    for (let i = 0; i < count; i++) {
      const source = i === 0 ? places.source : places.target;
      const given = ofStep(sequence, i);
      await this.#session!.runInto(
        { ...(i === 0 ? first : later), ...given },
        { ...gradients, ...metricsOfStep(metrics, i) },
      );
      const computed = performance.now();
      metrics.get(gradientNormTag)![i] = this.#update(source, places.target, given);
      update += performance.now() - computed;
    }
    const compute = performance.now() - handedOver - update;
    const at = { step: from.step + count, position: from.position + count * batchSize };
    const state = new KernelState(at, step, this.#memory!, places.target);
    this.#states.add(state);
    const times = { data: loaded - begin, transferIn: handedOver - loaded, compute, update, transferOut: 0 };
    return { state, metrics, times };
  }

  endTrace(): void {
    this.#session?.endTrace();
  }

  /** The states that it gave are gone with its memory. */
  dispose(): void {
    for (const state of this.#states) state.dispose();
    this.#states.clear();
    this.#session?.dispose();
    this.#session = undefined;
    this.#made = undefined;
    this.#memory = undefined;
  }

  /** Where the first step reads, and where all of them write. A state of arrays is copied to where they write; one that lies here is left as it is. */
  async #placesFor(from: HeldState): Promise<{ readonly source: number; readonly target: number }> {
    const { step } = this.#plan;
    const here = from instanceof KernelState && this.#states.has(from) ? from.index : undefined;
    const target = this.#freePlace(here);
    if (here !== undefined) return { source: here, target };
    const { vectors } = await from.download();
    this.#memory!.fill(target, (key, part) => takePart(vectors[key], step.parts[part]!));
    return { source: target, target };
  }

  /** A place that no state has, but for `kept`. Where every one is taken, the oldest state goes on in arrays. */
  #freePlace(kept: number | undefined): number {
    const taken = new Set([...this.#states].map(({ index }) => index));
    for (const state of this.#states) if (state.index === undefined) this.#states.delete(state);
    const all = Array.from({ length: heldStates }, (_, place) => place);
    const free = all.find((place) => !taken.has(place));
    if (free !== undefined) return free;
    const oldest = [...this.#states].find(({ index }) => index !== kept)!;
    const { index } = oldest;
    oldest.moveOut();
    this.#states.delete(oldest);
    return index!;
  }

  #parameters(state: number): Record<string, TensorInput> {
    const { parts } = this.#plan.step;
    const inputs = parts.map(({ size }, i) => {
      const data = this.#memory!.vector(state, 'parameters', i);
      return [partName('parameters', i), { data, shape: [size] }] as const;
    });
    return Object.fromEntries(inputs);
  }

  #gradients(): Record<string, TensorInput> {
    const { parts, scan } = this.#plan.step;
    const places = parts.map((_, i) => {
      const name = gradientName(i);
      return [name, { data: this.#memory!.gradient(i), shape: scan.perStep[name]!.shape }] as const;
    });
    return Object.fromEntries(places);
  }

  /** Gives the norm of the gradient before it is shortened. */
  #update(source: number, target: number, given: Readonly<Record<string, TensorInput>>): number {
    const norm = this.#memory!.gradientNorm();
    this.#memory!.update(source, target, this.#updates(given), clipScale(norm, this.#plan.optimizer.clipNorm));
    return norm;
  }

  #updates(given: Readonly<Record<string, TensorInput>>): readonly GroupUpdate[] {
    return this.#plan.step.groups.map((settings, group) => {
      const values = groupScheduleNames(group).map((name) => {
        const [value] = given[scheduleInput(name, group)]!.data as Float32Array;
        return [name, value!] as const;
      });
      return { settings, schedule: Object.fromEntries(values) as Schedule<number> };
    });
  }

  async #make(): Promise<void> {
    const { step, placement, resident, optimizer } = this.#plan;
    const rows = resident === undefined ? {} : { residentRows: { tables: resident.tables, isPartOfModel: true } };
    const model = singleStepModel(step.scan, { ...modelOptions[placement.device], ...rows, hasNoResults: true });
    const details = { dataBytes: resident?.bytes ?? 0 };
    this.#memory = new UpdateMemory(step.parts, keepsAverages(optimizer));
    this.#session = await ModelSession.create(model, placement, this.#tracePrefix, details);
  }
}

/** Where a step's model is to put its metrics. */
function metricsOfStep(metrics: ReadonlyMap<string, Float32Array>, step: number): Record<string, TensorInput> {
  const made = [...metrics].filter(([tag]) => tag !== gradientNormTag);
  return Object.fromEntries(
    made.map(([tag, values]) => [metricOutput(tag), { data: values.subarray(step, step + 1), shape: [] }]),
  );
}

/** min(1, limit / norm) in float32, as `optimizerStep` has it; 0 is no limit. */
function clipScale(norm: number, limit: number): number {
  if (limit === 0) return 1;
  return Math.min(Math.fround(Math.fround(limit) / Math.max(norm, Math.fround(1e-12))), 1);
}
