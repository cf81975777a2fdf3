import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import { parseProject, projectFileNames } from '../../launch/project/readProject.ts';

interface Known {
  readonly stamp: string;
  readonly definitions: readonly MetricDefinition[];
}

/** What the trainyard.yaml of a folder says of metrics, read again when the file has changed. */
export class ProjectMetrics {
  readonly #byFolder = new Map<string, Known>();

  /** The definitions that hold for a run: its own, and those of its folder for tags that it does not define itself. */
  definitionsFor(folder: string, own: readonly MetricDefinition[]): readonly MetricDefinition[] {
    const named = this.#of(folder);
    if (named.length === 0) return own;
    const defined = new Set(own.map(({ tag }) => tag));
    return [...own, ...named.filter(({ tag }) => !defined.has(tag))];
  }

  #of(folder: string): readonly MetricDefinition[] {
    for (const name of projectFileNames) {
      const file = path.join(folder, name);
      const facts = statSync(file, { throwIfNoEntry: false });
      if (facts === undefined) continue;
      const stamp = `${name} ${facts.mtimeMs} ${facts.size}`;
      const known = this.#byFolder.get(folder);
      if (known?.stamp === stamp) return known.definitions;
      const definitions = read(file, folder, name);
      this.#byFolder.set(folder, { stamp, definitions });
      return definitions;
    }
    return [];
  }
}

/** A file that cannot be read says nothing here; the list of entry points tells what is wrong with it. */
function read(file: string, folder: string, name: string): readonly MetricDefinition[] {
  try {
    return parseProject(readFileSync(file, 'utf8'), folder, name).metrics;
  } catch {
    return [];
  }
}
