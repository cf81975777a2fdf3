import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { RunId } from '../../domain/ids.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import type { Clients } from '../clients.ts';
import { signature } from '../folderSignals.ts';
import { isInside } from './folders.ts';
import type { LiveRun } from './liveRun.ts';

/** Tells clients when the output or the checkpoints of a run have grown, which its reader does not look at. */
export class RunTails {
  readonly #clients: Clients;
  readonly #roots: () => readonly string[];
  readonly #seen = new Map<RunId, { readonly size: number; readonly checkpoints: string }>();

  constructor(clients: Clients, roots: () => readonly string[]) {
    this.#clients = clients;
    this.#roots = roots;
  }

  async check(run: LiveRun): Promise<void> {
    const { source, path: directory } = run.found;
    if (source !== 'trainyard') return;
    const size = await stat(path.join(directory, runFiles.log)).then(
      (facts) => facts.size,
      () => 0,
    );
    const places = [directory, ...(run.facts.links ?? [])].map((place) => path.join(place, runFiles.checkpoints));
    const checkpoints = places.map(signature).join('|');
    const before = this.#seen.get(run.id);
    this.#seen.set(run.id, { size, checkpoints });
    // The first look only remembers: who opens a log or a list reads it whole.
    if (before === undefined) return;
    if (before.size !== size) this.#clients.tell('log.appended', { runId: run.id, size }, directory);
    if (before.checkpoints === checkpoints) return;
    for (const root of this.#roots()) {
      if (isInside(directory, root)) this.#clients.tell('checkpoints.changed', { folder: root }, root);
    }
  }
}
