import { type BaseGraph, grad, ParameterPack, type ParameterSlot, type Value } from '../../graph/index.ts';
import type { ParameterSpec } from '../../nn/scope.ts';

/** Parameters that an optimizer updates together: a flat vector of their numbers, each in its slot of the run's whole vector. */
export interface ParameterPart {
  readonly slots: readonly ParameterSlot[];
  /** Number of elements. */
  readonly size: number;
  /** Whether weight decay applies: to all of a part or to nothing in it. */
  readonly decays: boolean;
}

/**
 * How the parameters of a run are cut into parts. A tensor of at least `smallest` elements is a part of its own, so that it is neither
 * cut out of a longer vector nor its gradient copied into one; the others share one part where weights decay and one where they do not,
 * since every part costs the nodes of a whole update.
 */
export function partsOf(
  layout: readonly ParameterSlot[],
  specs: readonly ParameterSpec[],
  smallest: number,
): readonly ParameterPart[] {
  const decaying = new Set(specs.filter(({ decay }) => decay).map(({ name }) => name));
  const shared = [true, false].map((decays) =>
    layout.filter(({ name, size }) => size < smallest && decaying.has(name) === decays),
  );
  const apart = layout.filter(({ size }) => size >= smallest).map((slot) => [slot]);
  return [...apart, ...shared.filter((slots) => slots.length > 0)].map((slots) => ({
    slots,
    size: slots.reduce((total, { size }) => total + size, 0),
    decays: decaying.has(slots[0]!.name),
  }));
}

/** The parts of a run's parameters as inputs of a graph. */
export class PartedParameters {
  readonly parts: readonly ParameterPart[];
  readonly #packs: readonly ParameterPack[];
  readonly #views: ReadonlyMap<string, Value>;

  /** Declares one input per part, named by `nameOf` its index. */
  constructor(graph: BaseGraph, parts: readonly ParameterPart[], nameOf: (part: number) => string) {
    const views = new Map<string, Value>();
    this.parts = parts;
    this.#packs = parts.map(({ slots }, i) => {
      const pack = new ParameterPack(graph, nameOf(i));
      for (const { name, shape } of slots) views.set(name, pack.declare(name, shape, { kind: 'zeros' }));
      void pack.flat;
      return pack;
    });
    this.#views = views;
  }

  /** The view of a parameter. */
  get(name: string): Value {
    const view = this.#views.get(name);
    if (view === undefined) throw new Error(`There is no parameter named "${name}".`);
    return view;
  }

  /** The input of each part, [its size]. */
  get flat(): readonly Value[] {
    return this.#packs.map((pack) => pack.flat);
  }

  /** The gradient of a loss along each part, [its size]. */
  gradients(loss: Value): readonly Value[] {
    const all = grad(
      loss,
      this.#packs.flatMap((pack) => pack.views),
    );
    let taken = 0;
    return this.#packs.map((pack) => {
      const start = taken;
      taken += pack.views.length;
      return pack.join(all.slice(start, taken));
    });
  }
}

/** The numbers of a part out of the run's whole vector. Shares its memory where they lie side by side. */
export function takePart(vector: Float32Array, { slots, size }: ParameterPart): Float32Array {
  const [only, ...others] = slots;
  if (only !== undefined && others.length === 0) return vector.subarray(only.offset, only.offset + size);
  const values = new Float32Array(size);
  let start = 0;
  for (const slot of slots) {
    values.set(vector.subarray(slot.offset, slot.offset + slot.size), start);
    start += slot.size;
  }
  return values;
}

/** Writes the numbers of a part to their places in the run's whole vector. */
export function putPart(vector: Float32Array, { slots }: ParameterPart, values: Float32Array): void {
  let start = 0;
  for (const slot of slots) {
    vector.set(values.subarray(start, start + slot.size), slot.offset);
    start += slot.size;
  }
}
