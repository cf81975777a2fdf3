import { stat } from 'node:fs/promises';
import { fail, ok, type Result } from '../../base/result.ts';
import type { Json } from '../../domain/json.ts';
import type { RegistryExperiment } from '../../domain/registry.ts';
import { experimentOf, parseRegistry, plainObject } from '../../domain/registryFile.ts';
import { readSmallText } from '../files/jsonFile.ts';

/** A registry as it was at one moment. */
export interface RegistrySnapshot {
  readonly experiments: ReadonlyMap<string, RegistryEntry>;
}

export interface RegistryEntry {
  readonly experiment: RegistryExperiment;
  /** Everything that the entry holds, numbers as they are. */
  readonly fields: { readonly [key: string]: Json };
}

type Read = Result<RegistrySnapshot, 'absent' | 'unfinished' | 'unreadable'>;

/** All experiments of a registry are read by readers of their own, so the last few files are kept. */
const mostKept = 8;

const kept = new Map<string, { readonly look: string; readonly read: Promise<Read> }>();

/** The registry in a file; the same object as before while the file is the same one. The scripts replace it in one step, so half a file is a copy under way. */
export async function readSnapshot(file: string): Promise<Read> {
  const look = await lookOf(file);
  if (look === undefined) {
    kept.delete(file);
    return fail('absent', `There is no registry ${file}.`);
  }
  const known = kept.get(file);
  if (known?.look === look) return known.read;
  const read = load(file);
  kept.delete(file);
  kept.set(file, { look, read });
  if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
  return read;
}

async function load(file: string): Promise<Read> {
  const text = await readSmallText(file);
  if (!text.ok) return text;
  const tree = parseRegistry(text.value);
  if (!tree.ok) return fail('unfinished', `${file} ${tree.message}.`);
  const entries = [...tree.value.experiments].flatMap(([name, entry]) =>
    entry instanceof Map && typeof entry.get('status') === 'string'
      ? [[name, { experiment: experimentOf(name, entry), fields: plainObject(entry) }] as const]
      : [],
  );
  return ok({ experiments: new Map(entries) });
}

async function lookOf(file: string): Promise<string | undefined> {
  const facts = await stat(file, { bigint: true }).catch(() => undefined);
  return facts === undefined || !facts.isFile() ? undefined : `${facts.ino}:${facts.size}:${facts.mtimeNs}`;
}
