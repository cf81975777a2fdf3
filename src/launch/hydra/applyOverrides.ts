import { flatten } from '../../domain/config.ts';
import { printHydraOverride } from '../../domain/hydra/print.ts';
import { elementToJson } from '../../domain/hydra/toJson.ts';
import { type HydraOverride, isSweep } from '../../domain/hydra/values.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import { CompositionError } from './compositionError.ts';
import { isTree, mergeTrees } from './mergeTrees.ts';
import { unknownKey } from './sentences.ts';

/** The configuration with one value set, added or removed, as hydra/_internal/config_loader_impl.py does it. Throws CompositionError. */
export function applyOverride(config: JsonObject, override: HydraOverride): JsonObject {
  const { key } = override;
  const word = printHydraOverride(override);
  if (override.package !== undefined)
    throw new CompositionError(`${word} names a package, but there is no group ${key}.`);
  if (key.includes('/')) throw new CompositionError(`${word} is written like a group, but there is no group ${key}.`);
  if (override.value !== undefined && isSweep(override.value))
    throw new CompositionError(`${word} is a sweep: it makes several jobs.`);
  const value = override.value === undefined ? undefined : elementToJson(override.value);
  const path = key.split('.');
  const before = valueAt(config, path);
  if (override.kind === 'delete') return remove(config, path, value, before, key);
  const isContainer = typeof value === 'object' && value !== null;
  if (override.kind === 'add' && before !== undefined && before !== null && before !== '???' && !isContainer)
    throw new CompositionError(`${key} is there already. Write ${word.slice(1)} to change it.`);
  return set(config, path, value ?? null, override.kind !== 'change', () => unknownKey(key, word, known(config)));
}

function set(
  node: JsonObject,
  path: readonly string[],
  value: Json,
  isAdding: boolean,
  sentence: () => string,
): JsonObject {
  const [key, ...rest] = path as [string, ...string[]];
  if (key === '__proto__') throw new CompositionError(sentence());
  const isThere = Object.hasOwn(node, key);
  if (!isThere && !isAdding) throw new CompositionError(sentence());
  const child = isThere ? node[key]! : undefined;
  if (rest.length === 0) return { ...node, [key]: joined(child, value) };
  if (Array.isArray(child)) return { ...node, [key]: setInList(child, rest, value, isAdding, sentence) };
  // A plain value on the way becomes a dictionary when something is added below it.
  return { ...node, [key]: set(isTree(child) ? child : {}, rest, value, isAdding, sentence) };
}

function setInList(
  list: readonly Json[],
  [key, ...rest]: readonly string[],
  value: Json,
  isAdding: boolean,
  sentence: () => string,
): readonly Json[] {
  const index = /^\d+$/.test(key!) ? Number(key) : -1;
  if (index < 0 || index >= list.length) throw new CompositionError(sentence());
  const child = list[index]!;
  const changed =
    rest.length === 0 ? joined(child, value) : set(isTree(child) ? child : {}, rest, value, isAdding, sentence);
  return list.with(index, changed);
}

/** A dictionary is joined with the one that is there; everything else replaces. */
function joined(before: Json | undefined, value: Json): Json {
  if (isTree(before) && isTree(value)) return mergeTrees(before, value);
  if ((isTree(before) && Array.isArray(value)) || (Array.isArray(before) && isTree(value)))
    throw new CompositionError('A list cannot be set where a dictionary is, nor the other way round.');
  return value;
}

function remove(
  config: JsonObject,
  path: readonly string[],
  value: Json | undefined,
  before: Json | undefined,
  key: string,
): JsonObject {
  if (before === undefined || before === null)
    throw new CompositionError(
      `~${key} removes nothing: there is no such key${before === null ? ' with a value' : ''}.`,
    );
  if (value !== undefined && JSON.stringify(value) !== JSON.stringify(before))
    throw new CompositionError(`~${key} expects another value than ${JSON.stringify(before)}, which is there.`);
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length > 0) return { ...config, [first]: remove(config[first] as JsonObject, rest, undefined, before, key) };
  const { [first]: _, ...others } = config;
  return others;
}

function valueAt(config: JsonObject, path: readonly string[]): Json | undefined {
  let node: Json | undefined = config;
  for (const part of path) {
    if (isTree(node)) node = Object.hasOwn(node, part) ? node[part] : undefined;
    else if (Array.isArray(node) && /^\d+$/.test(part)) node = (node as readonly Json[])[Number(part)];
    else return undefined;
  }
  return node;
}

function known(config: JsonObject): readonly string[] {
  const leaves = flatten(config).map(([key]) => key);
  return [
    ...new Set(leaves.flatMap((key) => key.split('.').map((_, index, parts) => parts.slice(0, index + 1).join('.')))),
  ];
}
