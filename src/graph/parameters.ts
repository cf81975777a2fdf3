import { grad } from './autodiff.ts';
import { concat, reshape } from './build/movement.ts';
import type { DType } from './dtype.ts';
import type { BaseGraph, OpenSplit, Value } from './ir.ts';
import { seededRandom } from './seededRandom.ts';
import { refuse, type Shape, sizeOf } from './shape.ts';

/** How a parameter starts. `normal` and `uniform` draw from a generator that is seeded per pack. */
export type Initializer =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'uniform'; readonly limit: number }
  | { readonly kind: 'values'; readonly values: ArrayLike<number> };

/** Where a named parameter lies in the flat vector. */
export interface ParameterSlot {
  readonly name: string;
  readonly shape: Shape;
  /** Index of its first element. */
  readonly offset: number;
  readonly size: number;
}

/**
 * Named parameters that live in one flat vector, so that an optimizer updates all of them with a handful of nodes and the state of a
 * run is a few tensors. Views are cut out by one Split and reshaped, which costs no arithmetic; of a pack with one parameter the vector itself is the view.
 *
 * Declare all parameters while the network is built, then read `flat`; from then on the pack is closed.
 */
export class ParameterPack {
  readonly graph: BaseGraph;
  readonly name: string;
  readonly dtype: DType;
  readonly #split: OpenSplit;
  readonly #slots: ParameterSlot[] = [];
  readonly #views: Value[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #byName = new Map<string, Value>();
  #size = 0;
  #flat: Value | undefined;

  /** `name` is the name of the graph input that holds the flat vector. */
  constructor(graph: BaseGraph, name: string, dtype: DType = 'float32') {
    this.graph = graph;
    this.name = name;
    this.dtype = dtype;
    this.#split = graph.openSplit(dtype);
  }

  /** A new parameter. Its name must be its own: it is the name of the tensor in a checkpoint. */
  declare(name: string, shape: Shape, initializer: Initializer): Value {
    if (this.#flat !== undefined) {
      throw refuse(
        `The parameter "${name}" comes too late: the flat vector is in use.`,
        'Declare all parameters before reading pack.flat.',
      );
    }
    if (this.#byName.has(name)) throw refuse(`There are two parameters named "${name}".`);
    const size = sizeOf(shape);
    if (initializer.kind === 'values' && initializer.values.length !== size) {
      throw refuse(`"${name}" needs ${size} starting values, not ${initializer.values.length}.`);
    }
    const view = this.graph.scope('parameters', () => reshape(this.#split.add(size), shape));
    this.#slots.push({ name, shape: [...shape], offset: this.#size, size });
    this.#size += size;
    this.#views.push(view);
    this.#initializers.push(initializer);
    this.#byName.set(name, view);
    return view;
  }

  /** The view of a declared parameter. */
  get(name: string): Value {
    const view = this.#byName.get(name);
    if (view === undefined) throw refuse(`There is no parameter named "${name}".`);
    return view;
  }

  /** The graph input [size] that holds all parameters. The first reading closes the pack. */
  get flat(): Value {
    if (this.#flat === undefined) {
      if (this.#size === 0) throw refuse(`The parameter pack "${this.name}" is empty.`);
      this.#flat = this.graph.input(this.name, [this.#size], this.dtype);
      this.#split.close(this.#flat);
    }
    return this.#flat;
  }

  /** Number of parameters, counted in elements. */
  get size(): number {
    return this.#size;
  }

  /** Where each parameter lies, in the order of declaration. */
  get layout(): readonly ParameterSlot[] {
    return this.#slots;
  }

  /** The views, in the order of declaration. */
  get views(): readonly Value[] {
    return this.#views;
  }

  /** The gradient of a loss along the flat vector, [size]. */
  gradient(loss: Value): Value {
    return this.join(grad(loss, this.#views));
  }

  /** One value per parameter as one flat vector [size]. */
  join(values: readonly Value[]): Value {
    return concat(
      values.map((value, i) => reshape(value, [this.#slots[i]!.size])),
      0,
    );
  }

  /** Starting values of the flat vector. The same seed and declarations give the same numbers on every machine. */
  initialValues(seed: number): Float32Array {
    const values = new Float32Array(this.#size);
    const random = seededRandom(seed);
    this.#slots.forEach((slot, i) => {
      const part = values.subarray(slot.offset, slot.offset + slot.size);
      initialize(part, this.#initializers[i]!, random);
    });
    return values;
  }
}

function initialize(part: Float32Array, initializer: Initializer, random: ReturnType<typeof seededRandom>): void {
  const fill = fillers[initializer.kind] as (part: Float32Array, how: Initializer, random: unknown) => void;
  fill(part, initializer, random);
}

const fillers: {
  readonly [Kind in Initializer['kind']]: (
    part: Float32Array,
    how: Extract<Initializer, { kind: Kind }>,
    random: ReturnType<typeof seededRandom>,
  ) => void;
} = {
  zeros: (part) => part.fill(0),
  ones: (part) => part.fill(1),
  constant: (part, { value }) => part.fill(value),
  values: (part, { values }) => part.set(values),
  normal: (part, { std }, random) => {
    for (let i = 0; i < part.length; i++) part[i] = std * random.normal();
  },
  uniform: (part, { limit }, random) => {
    for (let i = 0; i < part.length; i++) part[i] = limit * (2 * random.uniform() - 1);
  },
};
