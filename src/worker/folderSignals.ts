import { statSync } from 'node:fs';
import path from 'node:path';
import { Disposables } from '../base/disposables.ts';
import { usualRegistryPlace } from '../launch/registry/read.ts';
import type { Clients } from './clients.ts';

const pollMs = 2_000;
const checkpointPlaces = ['outputs/ckpts', 'ckpts', 'checkpoints'] as const;
export const experimentLogFile = 'EXPERIMENT_LOG.md';

/** Tells clients when the experiment log, the checkpoint folders or the registry of an open folder have changed. A handful of `stat` calls every two seconds. */
export class FolderSignals extends Disposables {
  readonly #clients: Clients;
  readonly #roots: () => readonly string[];
  readonly #seen = new Map<string, string>();

  constructor(clients: Clients, roots: () => readonly string[]) {
    super();
    this.#clients = clients;
    this.#roots = roots;
    const timer = setInterval(() => this.check(), pollMs);
    this.onDispose(() => clearInterval(timer));
  }

  check(): void {
    for (const root of this.#roots()) {
      if (this.#isNew(`log:${root}`, [path.join(root, experimentLogFile)]))
        this.#clients.tell('experimentLog.changed', { folder: root }, root);
      const places = checkpointPlaces.map((place) => path.join(root, place));
      if (this.#isNew(`checkpoints:${root}`, places)) this.#clients.tell('checkpoints.changed', { folder: root }, root);
      const registry = path.join(root, usualRegistryPlace);
      if (this.#isNew(`registry:${root}`, [registry])) this.#clients.tell('registry.changed', { file: registry }, root);
    }
  }

  /** Whether the files differ from the last look; the first look only remembers. */
  #isNew(key: string, files: readonly string[]): boolean {
    const now = files.map(signature).join('|');
    const before = this.#seen.get(key);
    this.#seen.set(key, now);
    return before !== undefined && before !== now;
  }
}

/** Something that changes when the file or folder does; '' where there is none. */
export function signature(file: string): string {
  const facts = statSync(file, { throwIfNoEntry: false });
  return facts === undefined ? '' : `${facts.ino}:${facts.mtimeMs}:${facts.size}`;
}
