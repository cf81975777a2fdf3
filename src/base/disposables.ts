/** Anything with an end: a listener, timer, process, session or handle. */
export interface Disposable {
  dispose(): void;
}

const open = new Map<Disposables, string>();
let tracking = false;

/** Owns other disposables and ends them, last one first. Adding to an owner that has ended disposes at once. */
export class Disposables implements Disposable {
  readonly #items = new Set<Disposable>();
  #ended = false;

  constructor() {
    if (tracking) open.set(this, new Error('made here').stack ?? '');
  }

  get isDisposed(): boolean {
    return this.#ended;
  }

  /** Takes ownership and returns the same thing, so that the owner stands on the line that makes it. */
  add<T extends Disposable>(item: T): T {
    if (this.#ended) item.dispose();
    else this.#items.add(item);
    return item;
  }

  /** Takes ownership of a clean-up function. */
  onDispose(cleanUp: () => void): Disposable {
    return this.add({ dispose: cleanUp });
  }

  /** Ends one item now, and forgets it. */
  delete(item: Disposable): void {
    if (this.#items.delete(item)) item.dispose();
  }

  /** Ends everything; an item that throws does not keep the others alive, its error is thrown at the end. */
  dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    open.delete(this);
    const errors: unknown[] = [];
    for (const item of [...this.#items].reverse()) {
      try {
        item.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#items.clear();
    if (errors.length > 0) throw errors[0];
  }
}

/** Holds "the current one": setting a new value ends the old one. */
export class Replaceable<T extends Disposable> implements Disposable {
  #current: T | undefined;
  #ended = false;

  get current(): T | undefined {
    return this.#current;
  }

  set(next: T | undefined): T | undefined {
    this.#current?.dispose();
    this.#current = undefined;
    if (this.#ended) next?.dispose();
    else this.#current = next;
    return next;
  }

  dispose(): void {
    this.#ended = true;
    this.#current?.dispose();
    this.#current = undefined;
  }
}

/** Starts remembering where owners are made. For tests. */
export function trackDisposables(): void {
  tracking = true;
  open.clear();
}

/** The stacks of owners that were made since `trackDisposables` and never ended. For tests. */
export function undisposed(): readonly string[] {
  tracking = false;
  const stacks = [...open.values()];
  open.clear();
  return stacks;
}
