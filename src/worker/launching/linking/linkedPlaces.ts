import path from 'node:path';
import type { RunId } from '../../../domain/ids.ts';
import { placeKey, type RunPlace } from '../../../domain/records.ts';
import type { LiveRun } from '../../runs/liveRun.ts';

/** Folders, files and runs of databases that are read as part of a run of ours, and so are no runs of their own. */
export class LinkedPlaces {
  readonly #owners = new Map<string, RunId>();
  readonly #placesOf = new Map<RunId, readonly string[]>();

  /** Takes in what a run says of its links. True where they have changed. */
  note(run: Pick<LiveRun, 'id' | 'facts' | 'found'>): boolean {
    if (run.found.source !== 'trainyard') return false;
    // The run's own place comes first.
    const [, ...sources] = run.facts.sources ?? [];
    const places = [...(run.facts.links ?? []), ...sources.map(placeKey)];
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

  /** Whether a run of another tool is one of these, or lies in a linked folder. */
  hides(found: RunPlace): boolean {
    if (found.source === 'trainyard' || this.#owners.size === 0) return false;
    if (this.#owners.has(placeKey(found))) return true;
    for (let place = found.path; ; place = path.dirname(place)) {
      if (this.#owners.has(place)) return true;
      if (place === path.dirname(place)) return false;
    }
  }
}
