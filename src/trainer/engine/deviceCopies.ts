import type { Disposable } from '../../base/disposables.ts';
import { concat, encodeModel, Graph, identity, type ResidentTable, split, type Value } from '../../graph/index.ts';
import { modelOptions } from '../devices/providers.ts';
import type { DeviceTensor } from './deviceTensor.ts';
import { type ModelDetails, ModelSession, type TensorData } from './session.ts';
import type { StepPlan } from './stepCalls.ts';
import { partName } from './stepNames.ts';
import type { TrainStep } from './trainStep.ts';

/**
 * Brings tensors from the device to the CPU and back through small models that copy them, each made when it is first needed. What a model left on the device must be
 * given back before the model: its memory is that of the session, and freeing it later ends the process (onnxruntime-node 1.30).
 */
export class DeviceCopies implements Disposable {
  readonly #plan: Pick<StepPlan, 'step' | 'placement'>;
  readonly #sessions = new Map<string, ModelSession>();

  constructor(plan: Pick<StepPlan, 'step' | 'placement'>) {
    this.#plan = plan;
  }

  /** The numbers of float32 tensors under the same names. `kind` stands for a set of names and shapes. */
  async fetch(kind: string, tensors: ReadonlyMap<string, DeviceTensor>): Promise<ReadonlyMap<string, Float32Array>> {
    const session = await this.#session(kind, () => {
      const graph = new Graph();
      const copies = [...tensors].map(([name, { shape }]) => [copyOf(name), identity(graph.input(name, shape))]);
      return encodeModel(graph, Object.fromEntries(copies));
    });
    const outputs = await session.run(Object.fromEntries(tensors));
    return new Map([...tensors.keys()].map((name) => [name, outputs[copyOf(name)] as Float32Array]));
  }

  /** The averaged weights of a state's parts as one vector in the order of the layout, on the device. */
  async average(parts: ReadonlyMap<string, DeviceTensor>): Promise<DeviceTensor> {
    const { step, placement } = this.#plan;
    const session = await this.#session(
      'average',
      () => {
        const graph = new Graph();
        return encodeModel(graph, { average: joinedAverage(graph, step) }, modelOptions[placement.device]);
      },
      { held: ['average'] },
    );
    return (await session.runHeld(Object.fromEntries(parts))).get('average')!;
  }

  /** A table on the device. */
  async upload(name: string, { dtype, shape, bytes }: ResidentTable): Promise<DeviceTensor> {
    const session = await this.#session(
      `table of ${name}`,
      () => {
        const graph = new Graph();
        return encodeModel(graph, { table: identity(graph.input('given', shape, dtype)) });
      },
      { held: ['table'] },
    );
    return (await session.runHeld({ given: { data: numbersOf(bytes, dtype), shape } })).get('table')!;
  }

  dispose(): void {
    for (const session of this.#sessions.values()) session.dispose();
    this.#sessions.clear();
  }

  async #session(kind: string, model: () => Uint8Array, details: ModelDetails = {}): Promise<ModelSession> {
    const known = this.#sessions.get(kind);
    if (known !== undefined) return known;
    const made = await ModelSession.create(model(), this.#plan.placement, undefined, details);
    this.#sessions.set(kind, made);
    return made;
  }
}

function copyOf(name: string): string {
  return `copy of ${name}`;
}

function joinedAverage(graph: Graph, { parts, layout }: TrainStep): Value {
  const values = new Map<string, Value>();
  for (const [i, { slots, size }] of parts.entries()) {
    const part = graph.input(partName('average', i), [size]);
    const sizes = slots.map((slot) => slot.size);
    for (const [j, value] of split(part, sizes, 0).entries()) values.set(slots[j]!.name, value);
  }
  return concat(
    layout.map(({ name }) => values.get(name)!),
    0,
  );
}

function numbersOf({ buffer, byteOffset, byteLength }: Uint8Array, dtype: ResidentTable['dtype']): TensorData {
  if (dtype === 'uint8') return new Uint8Array(buffer, byteOffset, byteLength);
  const count = byteLength / 4;
  return dtype === 'int32' ? new Int32Array(buffer, byteOffset, count) : new Float32Array(buffer, byteOffset, count);
}
