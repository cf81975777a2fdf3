import { type Disposable, Disposables } from '../../src/base/disposables.ts';
import { Emitter } from '../../src/base/emitter.ts';
import { describeError } from '../../src/base/errors.ts';
import type { RunId } from '../../src/domain/ids.ts';

const AT_ONCE = 16;
const REFRESH_MS = 300;
/** Each time it takes longer to the next news, so that a thousand runs do not make a panel draw a hundred times. */
const FIRST_NEWS_MS = 80;
const SLOWEST_NEWS_MS = 3000;

/** Something about each run that a panel shows (its details, its images), fetched a few at a time and again when the run logs something new. */
export class RunCache<T> implements Disposable {
  readonly #owner = new Disposables();
  readonly #changed = this.#owner.add(new Emitter<void>());
  readonly #get: (runId: RunId) => Promise<T>;
  readonly #items = new Map<RunId, T>();
  readonly #problems = new Map<RunId, string>();
  readonly #waiting = new Set<RunId>();
  readonly #refreshes = new Map<RunId, ReturnType<typeof setTimeout>>();
  readonly #running = new Set<RunId>();
  #announced: ReturnType<typeof setTimeout> | undefined;
  #newsMs = FIRST_NEWS_MS;

  readonly onChanged = this.#changed.event;

  constructor(get: (runId: RunId) => Promise<T>) {
    this.#get = get;
    this.#owner.onDispose(() => {
      clearTimeout(this.#announced);
      for (const timer of this.#refreshes.values()) clearTimeout(timer);
      this.#waiting.clear();
    });
  }

  /** Runs that were asked for and have not come yet. */
  get pending(): number {
    return this.#waiting.size + this.#running.size;
  }

  /** What went wrong, one sentence per kind of failure. */
  get problems(): readonly string[] {
    return [...new Set(this.#problems.values())];
  }

  get(runId: RunId): T | undefined {
    return this.#items.get(runId);
  }

  /** Makes sure that what belongs to the runs is there or on their way. */
  want(runIds: Iterable<RunId>): void {
    for (const id of runIds) {
      if (!this.#items.has(id) && !this.#problems.has(id) && !this.#running.has(id)) this.#waiting.add(id);
    }
    this.#pump();
  }

  /** Fetches it again, soon; many calls in a row make one. */
  refresh(runId: RunId): void {
    if (this.#refreshes.has(runId)) return;
    const timer = setTimeout(() => {
      this.#refreshes.delete(runId);
      this.#waiting.add(runId);
      this.#pump();
    }, REFRESH_MS);
    this.#refreshes.set(runId, timer);
  }

  /** Asks again for what failed, and renews the rest. */
  retry(): void {
    for (const id of [...this.#problems.keys(), ...this.#items.keys()]) this.#waiting.add(id);
    this.#problems.clear();
    this.#pump();
  }

  forget(runId: RunId): void {
    this.#items.delete(runId);
    this.#problems.delete(runId);
    this.#waiting.delete(runId);
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #pump(): void {
    for (const id of this.#waiting) {
      if (this.#running.size >= AT_ONCE) return;
      // What is being fetched comes again afterwards, with what is new since.
      if (this.#running.has(id)) continue;
      this.#waiting.delete(id);
      void this.#fetch(id);
    }
  }

  async #fetch(id: RunId): Promise<void> {
    this.#running.add(id);
    try {
      this.#items.set(id, await this.#get(id));
      this.#problems.delete(id);
    } catch (error) {
      this.#problems.set(id, describeError(error));
    } finally {
      this.#running.delete(id);
    }
    if (this.#owner.isDisposed) return;
    this.#pump();
    this.#announce();
  }

  /** Many answers in a row are told a few times, and once at the end. */
  #announce(): void {
    if (this.pending === 0) {
      clearTimeout(this.#announced);
      this.#announced = undefined;
      this.#newsMs = FIRST_NEWS_MS;
      this.#changed.fire();
      return;
    }
    this.#announced ??= setTimeout(() => {
      this.#announced = undefined;
      this.#newsMs = Math.min(SLOWEST_NEWS_MS, 2 * this.#newsMs);
      this.#changed.fire();
    }, this.#newsMs);
  }
}
