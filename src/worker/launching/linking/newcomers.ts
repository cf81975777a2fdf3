import { type FoundRun, placeKey } from '../../../domain/records.ts';

/** As long as it may take to find out whose a run is, the evidence of time alone included. */
const patienceMs = 10_000;

/**
 * Runs of other tools that appear while jobs are at work. They are held back from lists for a moment, since most of them turn out to be part of a job's
 * run, and a row that comes and goes again is clicked by mistake.
 */
export class Newcomers {
  readonly #now: () => number;
  /** `placeKey` → when it appeared; 0 where it was there before, or nothing was at work. */
  readonly #appeared = new Map<string, number>();
  readonly #walked = new Map<string, readonly FoundRun[]>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Takes in what a walk of a root found. What the first walk finds was there before. */
  note(root: string, places: readonly FoundRun[], isAtWork: boolean): void {
    const before = this.#walked.get(root);
    if (before === places) return;
    this.#walked.set(root, places);
    const at = before !== undefined && isAtWork ? this.#now() : 0;
    const there = new Set<string>();
    for (const place of places) {
      const id = placeKey(place);
      there.add(id);
      if (!this.#appeared.has(id)) this.#appeared.set(id, at);
    }
    for (const gone of before ?? []) if (!there.has(placeKey(gone))) this.#appeared.delete(placeKey(gone));
  }

  /** Whether a run appeared just now. */
  holds(found: FoundRun): boolean {
    if (found.source === 'trainyard') return false;
    const at = this.#appeared.get(placeKey(found)) ?? 0;
    return at > 0 && this.#now() - at < patienceMs;
  }
}
