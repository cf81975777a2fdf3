import { type Disposable, Disposables } from '../../src/base/disposables.ts';
import { Emitter } from '../../src/base/emitter.ts';
import { describeError } from '../../src/base/errors.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { RunDetail } from '../../src/domain/run.ts';

const AT_ONCE = 8;
const REFRESH_MS = 300;

/** The details of the runs that a panel shows, fetched a few at a time and again when a run gets new tags. */
export class RunDetails implements Disposable {
  readonly #owner = new Disposables();
  readonly #changed = this.#owner.add(new Emitter<void>());
  readonly #get: (runId: RunId) => Promise<RunDetail>;
  readonly #details = new Map<RunId, RunDetail>();
  readonly #problems = new Map<RunId, string>();
  readonly #waiting = new Set<RunId>();
  readonly #refreshes = new Map<RunId, ReturnType<typeof setTimeout>>();
  #running = 0;
  #announced: ReturnType<typeof setTimeout> | undefined;

  readonly onChanged = this.#changed.event;

  constructor(get: (runId: RunId) => Promise<RunDetail>) {
    this.#get = get;
    this.#owner.onDispose(() => {
      clearTimeout(this.#announced);
      for (const timer of this.#refreshes.values()) clearTimeout(timer);
      this.#waiting.clear();
    });
  }

  /** Runs that were asked for and have not come yet. */
  get pending(): number {
    return this.#waiting.size + this.#running;
  }

  /** What went wrong, one sentence per kind of failure. */
  get problems(): readonly string[] {
    return [...new Set(this.#problems.values())];
  }

  get(runId: RunId): RunDetail | undefined {
    return this.#details.get(runId);
  }

  /** Makes sure that the runs' details are there or on their way. */
  want(runIds: Iterable<RunId>): void {
    for (const id of runIds) if (!this.#details.has(id) && !this.#problems.has(id)) this.#waiting.add(id);
    this.#pump();
  }

  /** Fetches a run's details again, soon; many calls in a row make one. */
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
    for (const id of [...this.#problems.keys(), ...this.#details.keys()]) this.#waiting.add(id);
    this.#problems.clear();
    this.#pump();
  }

  forget(runId: RunId): void {
    this.#details.delete(runId);
    this.#problems.delete(runId);
    this.#waiting.delete(runId);
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #pump(): void {
    for (const id of this.#waiting) {
      if (this.#running >= AT_ONCE) return;
      this.#waiting.delete(id);
      void this.#fetch(id);
    }
  }

  async #fetch(id: RunId): Promise<void> {
    this.#running += 1;
    try {
      this.#details.set(id, await this.#get(id));
      this.#problems.delete(id);
    } catch (error) {
      this.#problems.set(id, describeError(error));
    } finally {
      this.#running -= 1;
    }
    if (this.#owner.isDisposed) return;
    this.#pump();
    this.#announce();
  }

  /** A thousand answers in a row are told a few times, and once at the end. */
  #announce(): void {
    if (this.pending === 0) {
      clearTimeout(this.#announced);
      this.#announced = undefined;
      this.#changed.fire();
      return;
    }
    this.#announced ??= setTimeout(() => {
      this.#announced = undefined;
      this.#changed.fire();
    }, 100);
  }
}
