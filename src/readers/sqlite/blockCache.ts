/** Keeps what was read lately, in two generations: when the young one is full, it becomes the old one, and what is not asked for again falls away. */
export class BlockCache {
  readonly #capacity: number;
  #young = new Map<number, Uint8Array>();
  #old = new Map<number, Uint8Array>();

  /** At most twice `capacity` blocks are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: number): Uint8Array | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: number, block: Uint8Array): void {
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, block);
  }

  /** Everything that is kept, once; nothing is kept any more. */
  *drain(): Generator<Uint8Array> {
    yield* new Set([...this.#young.values(), ...this.#old.values()]);
    this.#young = new Map();
    this.#old = new Map();
  }
}
