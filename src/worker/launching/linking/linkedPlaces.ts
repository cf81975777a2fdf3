import path from 'node:path';
import type { RunId } from '../../../domain/ids.ts';
import type { FoundRun } from '../../../domain/records.ts';
import type { LiveRun } from '../../runs/liveRun.ts';

/** Folders that are read as part of a run of ours, and so hold no runs of their own. */
export class LinkedPlaces {
  readonly #owners = new Map<string, RunId>();
  readonly #placesOf = new Map<RunId, readonly string[]>();

  /** Takes in what a run says of its links. True where they have changed. */
  note(run: Pick<LiveRun, 'id' | 'facts'>): boolean {
    const places = run.facts.links ?? [];
    const before = this.#placesOf.get(run.id) ?? [];
    if (places.length === before.length && places.every((place, index) => place === before[index])) return false;
    this.forget(run.id);
    this.#placesOf.set(run.id, places);
    for (const place of places) this.#owners.set(place, run.id);
    return true;
  }

  /** The run is gone, so what it had linked may be shown again. */
  forget(id: RunId): void {
    for (const place of this.#placesOf.get(id) ?? []) if (this.#owners.get(place) === id) this.#owners.delete(place);
    this.#placesOf.delete(id);
  }

  /** Whether a run of another tool lies in a linked folder. */
  hides({ source, path: folder }: FoundRun): boolean {
    if (source === 'trainyard' || this.#owners.size === 0) return false;
    for (let place = folder; ; place = path.dirname(place)) {
      if (this.#owners.has(place)) return true;
      if (place === path.dirname(place)) return false;
    }
  }
}
