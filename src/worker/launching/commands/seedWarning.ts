import { flatten } from '../../../domain/config.ts';
import type { EntryPoint, HydraComposition } from '../../../domain/entryPoint.ts';
import type { Json } from '../../../domain/json.ts';
import { configOfArguments } from './argumentsOf.ts';

interface Launched {
  readonly entry?: EntryPoint;
  readonly name: string;
  readonly added: (name: string) => readonly string[];
}

/** Says so where nothing in the configuration fixes the random numbers; evaluations and data stages are left in peace. */
export function seedWarning(
  { entry, name, added }: Launched,
  composition: HydraComposition | undefined,
): readonly string[] {
  if (entry !== undefined && entry.role !== 'train') return [];
  if (entry?.takes === 'hydra' && composition === undefined) return [];
  const leaves = flatten(composition?.config ?? configOfArguments(added(name)));
  const seeds = leaves.filter(([key]) => isSeed(key));
  if (seeds.some(([, value]) => isSet(value))) return [];
  const [unset] = seeds;
  return unset === undefined
    ? ['No seed stands in the configuration, so this run cannot be repeated exactly.']
    : [`${unset[0]} is not set, so this run cannot be repeated exactly.`];
}

function isSeed(key: string): boolean {
  return /(^|[._-])(seed|random[_-]?state)s?$/i.test(key);
}

function isSet(value: Json): boolean {
  return value !== null && value !== '' && value !== false && value !== '???';
}
