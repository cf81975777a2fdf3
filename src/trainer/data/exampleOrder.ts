import { seededRandom } from '../../graph/index.ts';

/**
 * The order in which a run sees its examples: a permutation per epoch, so that each example comes exactly once per epoch. The order
 * depends on the seed, the epoch and the number of examples alone; a position (examples seen since the start of the run) says where
 * a resumed run goes on.
 */
export class ExampleOrder {
  readonly #examples: number;
  readonly #seed: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array(0);

  constructor(examples: number, seed: number) {
    this.#examples = examples;
    this.#seed = seed;
  }

  /** Indices of the `count` examples from a position on. */
  take(position: number, count: number): Uint32Array {
    const indices = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const at = position + i;
      this.#enter(Math.floor(at / this.#examples));
      indices[i] = this.#order[at % this.#examples]!;
    }
    return indices;
  }

  #enter(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#order = permutation(this.#examples, epochSeed(this.#seed, epoch));
  }
}

/** The numbers from 0 to n − 1 in a random order (Fisher and Yates, in Durstenfeld's form, CACM 7(7), 1964). */
export function permutation(n: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const random = seededRandom(seed);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}

/** 32 random bits for each of the `count` examples from a position on. They depend on the seed, the epoch and the place in it, so that a resumed run draws the same ones. */
export function exampleDraws(position: number, count: number, examples: number, seed: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => {
    const epoch = Math.floor((position + i) / examples);
    return mixed(mixed(mixed(seed % 2 ** 32) ^ epoch) ^ ((position + i) % examples));
  });
}

/** The finalizer of MurmurHash3 (Appleby, public domain), a bijection of 32 bits, behind a step that moves it from 0. */
export function mixed(value: number): number {
  let hash = (value + 0x9e3779b9) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Distinct for all epochs below 2²⁰ of a seed, and a safe integer: the generator takes 53 bits. */
function epochSeed(seed: number, epoch: number): number {
  return (seed % 2 ** 32) * 2 ** 20 + (epoch % 2 ** 20) + 1;
}
