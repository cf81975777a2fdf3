/** Keeps what was read lately, in two generations: when the young one is full, it becomes the old one, and what is not asked for again falls away. */
export class BlockCache {
  readonly #capacity: number;
  #young = new Map<number, Uint8Array>();
  #old = new Map<number, Uint8Array>();
  readonly #spare: Uint8Array[] = [];

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
      for (const [known, dropped] of this.#old)
        if (dropped !== block && this.#young.get(known) !== dropped) this.#spare.push(dropped);
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, block);
  }

  /** The memory of a block that fell away, to be filled anew; undefined where there is none. */
  reuse(): ArrayBufferLike | undefined {
    return this.#spare.pop()?.buffer;
  }

  /** Everything that is kept or spare, once; nothing is kept any more. */
  *drain(): Generator<Uint8Array> {
    yield* new Set([...this.#young.values(), ...this.#old.values(), ...this.#spare]);
    this.#spare.length = 0;
    this.#young = new Map();
    this.#old = new Map();
  }
}
