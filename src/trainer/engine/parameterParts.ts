import {
  type BaseGraph,
  ParameterPack,
  type ParameterSlot,
  type TracedGrad,
  tracedGrad,
  type Value,
} from '../../graph/index.ts';
import type { ParameterSpec } from '../../nn/scope.ts';
import type { UpdateGroups } from './updateGroups.ts';

/** Parameters that an optimizer updates together: a flat vector of their numbers, each in its slot of the run's whole vector. */
export interface ParameterPart {
  readonly slots: readonly ParameterSlot[];
  /** Number of elements. */
  readonly size: number;
  /** Whether weight decay applies: to all of a part or to nothing in it. */
  readonly decays: boolean;
  /** Number of the group whose settings it is updated with (`groupsOf`). */
  readonly group: number;
}

/**
 * How the parameters of a run are cut into parts, each of one group. A tensor of at least `smallest` elements is a part of its own, so that it is neither
 * cut out of a longer vector nor its gradient copied into one; the others share one part where weights decay and one where they do not,
 * since every part costs the nodes of a whole update. Matrices of Muon share a part with those of the same shape, and are orthogonalized together.
 */
export function partsOf(
  layout: readonly ParameterSlot[],
  specs: readonly ParameterSpec[],
  smallest: number,
  groups: UpdateGroups = decayOnly(specs),
): readonly ParameterPart[] {
  const shares = new Map<string, ParameterSlot[]>();
  for (const slot of layout) {
    const { group, decays } = groups.of.get(slot.name)!;
    const key = `${group} ${decays} ${shareOf(slot, smallest, groups.settings[group]?.kind === 'muon')}`;
    const share = shares.get(key);
    if (share === undefined) shares.set(key, [slot]);
    else share.push(slot);
  }
  return [...shares.values()].map((slots) => ({
    slots,
    size: slots.reduce((total, { size }) => total + size, 0),
    ...groups.of.get(slots[0]!.name)!,
  }));
}

/** With whom a parameter shares a part, among those of its group. */
function shareOf({ name, shape, size }: ParameterSlot, smallest: number, isMatrix: boolean): string {
  if (isMatrix) return `matrices ${shape.join()}`;
  return size >= smallest ? `alone ${name}` : 'short';
}

function decayOnly(specs: readonly ParameterSpec[]): UpdateGroups {
  return { settings: [], of: new Map(specs.map(({ name, decay }) => [name, { group: 0, decays: decay }])) };
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
    return this.tracedGradients(loss).gradients;
  }

  /** The same, with what was made for which node. */
  tracedGradients(loss: Value): { readonly gradients: readonly Value[]; readonly traced: TracedGrad } {
    const views = this.#packs.flatMap((pack) => pack.views);
    const traced = tracedGrad(loss, views);
    let taken = 0;
    const gradients = this.#packs.map((pack) => {
      const start = taken;
      taken += pack.views.length;
      return pack.join(traced.gradients.slice(start, taken));
    });
    return { gradients, traced };
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
