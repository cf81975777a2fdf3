import path from 'node:path';
import type { RunId } from '../../../domain/ids.ts';
import type { Fingerprint } from './evidence.ts';
import { namedPlaces } from './named.ts';

/**
 * Finds the runs that are worth a comparison with one, without looking at all of them. Ten thousand runs have a hundred thousand keys, of which most lead to
 * one run, so keys are numbers and what they lead to is a list only where there are several.
 */
export class Candidates {
  readonly #byKey = new Map<number, Fingerprint | Fingerprint[]>();
  readonly #kept = new Map<RunId, { readonly fingerprint: Fingerprint; readonly keys: Int32Array }>();

  set(fingerprint: Fingerprint): void {
    this.delete(fingerprint.run.id);
    const keys = Int32Array.from(new Set([...keysOf(fingerprint)].map(hashOf)));
    this.#kept.set(fingerprint.run.id, { fingerprint, keys });
    for (const key of keys) {
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, fingerprint);
      else if (Array.isArray(known)) known.push(fingerprint);
      else this.#byKey.set(key, [known, fingerprint]);
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
      const left = this.#at(key).filter((other) => other !== kept.fingerprint);
      if (left.length === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, left.length === 1 ? left[0]! : left);
    }
  }

  /** Runs that have a first value in common with it, or of which one names the other; rarely others too. */
  of(id: RunId): readonly Fingerprint[] {
    const kept = this.#kept.get(id);
    if (kept === undefined) return [];
    const found = new Set<Fingerprint>();
    for (const key of kept.keys) for (const other of this.#at(key)) found.add(other);
    found.delete(kept.fingerprint);
    return [...found];
  }

  #at(key: number): readonly Fingerprint[] {
    const known = this.#byKey.get(key);
    if (known === undefined) return [];
    return Array.isArray(known) ? known : [known];
  }
}

/** A place and whoever names it meet under one key. */
function* keysOf({ run, tags }: Fingerprint): Generator<string> {
  for (const [tag, value] of tags) yield `value\0${tag}\0${value}`;
  for (const place of [run.found, ...(run.found.parts ?? [])]) yield `path\0${place.path}`;
  if (run.facts.slurmJob !== undefined) yield `job\0${run.facts.slurmJob}`;
  for (const named of namedPlaces(run.found, run.facts)) yield `path\0${path.resolve(named.path)}`;
}

/** Two keys of one number only lead to a comparison that is in vain. */
function hashOf(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  return hash;
}
