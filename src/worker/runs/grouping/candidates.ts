import path from 'node:path';
import type { RunId } from '../../../domain/ids.ts';
import type { Fingerprint } from './evidence.ts';
import { namedPlaces } from './named.ts';

/** Finds the runs that are worth a comparison with one, without looking at all of them. */
export class Candidates {
  readonly #byKey = new Map<string, Set<Fingerprint>>();
  readonly #kept = new Map<RunId, { readonly fingerprint: Fingerprint; readonly keys: readonly string[] }>();

  set(fingerprint: Fingerprint): void {
    this.delete(fingerprint.run.id);
    const keys = [...keysOf(fingerprint)];
    this.#kept.set(fingerprint.run.id, { fingerprint, keys });
    for (const key of keys) {
      const bucket = this.#byKey.get(key);
      if (bucket === undefined) this.#byKey.set(key, new Set([fingerprint]));
      else bucket.add(fingerprint);
    }
  }

  get(id: RunId): Fingerprint | undefined {
    return this.#kept.get(id)?.fingerprint;
  }

  delete(id: RunId): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    for (const key of kept.keys) {
      const bucket = this.#byKey.get(key);
      bucket?.delete(kept.fingerprint);
      if (bucket?.size === 0) this.#byKey.delete(key);
    }
  }

  /** Runs that have a first value in common with it, or of which one names the other. */
  of(id: RunId): readonly Fingerprint[] {
    const kept = this.#kept.get(id);
    if (kept === undefined) return [];
    const found = new Set<Fingerprint>();
    for (const key of kept.keys) for (const other of this.#byKey.get(key) ?? []) found.add(other);
    found.delete(kept.fingerprint);
    return [...found];
  }
}

/** A place and whoever names it meet under one key. */
function* keysOf({ run, tags }: Fingerprint): Generator<string> {
  for (const [tag, value] of tags) yield `value\0${tag}\0${value}`;
  for (const place of [run.found, ...(run.found.parts ?? [])]) yield `path\0${place.path}`;
  for (const named of namedPlaces(run.found, run.facts)) yield `path\0${path.resolve(named.path)}`;
}
