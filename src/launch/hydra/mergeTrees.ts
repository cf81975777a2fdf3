import type { Json, JsonObject } from '../../domain/json.ts';
import { CompositionError } from './compositionError.ts';

/** A configuration that is being made. */
export type Tree = { [key: string]: Json };

export function isTree(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The second tree over the first, as OmegaConf.merge (omegaconf 2.3): dictionaries are joined key by key, everything else is replaced, `???` replaces nothing
 * that is there, and a dictionary over an interpolation is joined with what that names. Throws CompositionError for a list over a dictionary and the other way round.
 */
export function mergeTrees(base: JsonObject, over: JsonObject, root: JsonObject = base, path = ''): JsonObject {
  const result: Tree = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__') continue;
    const inner = path === '' ? key : `${path}.${key}`;
    result[key] = Object.hasOwn(result, key) ? mergeValues(result[key]!, value, root, inner) : value;
  }
  return result;
}

function mergeValues(before: Json, value: Json, root: JsonObject, path: string): Json {
  if (value === '???') return before;
  const isContainer = typeof value === 'object' && value !== null;
  const target = isContainer && typeof before === 'string' ? (dereferenced(before, root) ?? before) : before;
  if (isTree(target) && isTree(value)) return mergeTrees(target, value, root, path);
  if ((isTree(target) && Array.isArray(value)) || (Array.isArray(target) && isTree(value)))
    throw new CompositionError(`${path} is a list in one configuration and a dictionary in another.`);
  return value;
}

/** The tree below a package: {net: {model: tree}} for "net.model". */
export function embed(tree: JsonObject, name: string): JsonObject {
  const parts = name === '' ? [] : name.split('.');
  return parts.reduceRight<JsonObject>((inner, part) => ({ [part]: inner }), tree);
}

/** The container that `${a.b}` names, or undefined for anything else. */
function dereferenced(text: string, root: JsonObject): Json | undefined {
  const key = /^\$\{([\w.-]+)\}$/.exec(text)?.[1];
  if (key === undefined) return undefined;
  let node: Json | undefined = root;
  for (const part of key.split('.')) node = isTree(node) && Object.hasOwn(node, part) ? node[part] : undefined;
  return typeof node === 'object' && node !== null ? node : undefined;
}
