import { existsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../base/errors.ts';
import type { Registry } from '../domain/registry.ts';
import { changeRegistry } from '../launch/registry/change.ts';
import { markEdit, markFailedEdit, type NamedEdit, rebuildEdit, unmarkEdit } from '../launch/registry/edits.ts';
import { readRegistry, usualRegistryPlace } from '../launch/registry/read.ts';
import type { LaunchingMethods } from '../protocol/launching.ts';

type Change = LaunchingMethods['registry.change']['params'];

const reason = 'marked in Trainyard';

/** What each kind of change does. */
const edits = {
  mark: ({ experiments }) => markEdit(named(experiments), reason),
  unmark: ({ experiments }) => unmarkEdit(named(experiments)),
  'mark-all-failed': () => markFailedEdit(reason),
  rebuild: ({ file }) => rebuildEdit(file),
} as const satisfies { readonly [C in Change['change']]: (change: Change) => NamedEdit };

/** Files of a folder that are registries: the usual place, and those that its trainyard.yaml names. */
export function registryFiles(folder: string, namedFiles: readonly string[] = []): readonly string[] {
  const usual = path.join(folder, usualRegistryPlace);
  return [...new Set([...(existsSync(usual) ? [usual] : []), ...namedFiles])];
}

export function readRegistries(files: readonly string[]): readonly Registry[] {
  return files.map((file) => readRegistry(file));
}

/** Carries out a change and gives the registry as it is then, with the experiments that were changed. */
export async function carryOut(change: Change): Promise<LaunchingMethods['registry.change']['result']> {
  const { edit, changed } = edits[change.change](change);
  await changeRegistry(change.file, edit);
  return { registry: readRegistry(change.file), changed: changed() };
}

function named(experiments: readonly string[] | undefined): readonly string[] {
  if (experiments !== undefined && experiments.length > 0) return experiments;
  throw new AppError('bad-argument', 'No experiment was named.', { hint: 'Choose one or more of the registry.' });
}
