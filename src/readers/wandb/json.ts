import type { Json, JsonObject } from '../../domain/json.ts';
import { parsePythonJson } from '../files/pythonJson.ts';

/** The JSON in bytes [start, end), with bare NaN and infinities as texts; undefined where it is none. */
export function parseJson(bytes: Uint8Array, start: number, end: number): Json | undefined {
  try {
    return parsePythonJson(decoder.decode(bytes.subarray(start, end))) as Json;
  } catch {
    // A value of one item that is damaged does not take the others with it.
    return undefined;
  }
}

const decoder = new TextDecoder();

const bareNumbers: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** A number, or one of the words that `parseJson` makes of bare NaN and infinities; NaN for anything else. */
export function asNumber(value: unknown): number {
  return typeof value === 'number' ? value : (bareNumbers.get(value) ?? Number.NaN);
}

/** Whether a text within a tree is a number that stood bare there. */
export function isBareNumber(value: unknown): boolean {
  return bareNumbers.has(value);
}

/** Sets a value in a tree at a path, making the branches. A leaf in the way is replaced. */
export function setAt(tree: { [key: string]: Json }, path: readonly string[], value: Json): void {
  let branch = tree;
  for (const name of path.slice(0, -1)) {
    const next = Object.hasOwn(branch, name) ? branch[name] : undefined;
    if (isObject(next)) branch = next as { [key: string]: Json };
    else branch = define(branch, name, {}) as { [key: string]: Json };
  }
  define(branch, path.at(-1) ?? '', value);
}

/** Takes a value out of a tree. */
export function removeAt(tree: { [key: string]: Json }, path: readonly string[]): void {
  let branch: Json | undefined = tree;
  for (const name of path.slice(0, -1)) branch = isObject(branch) ? branch[name] : undefined;
  if (isObject(branch)) delete (branch as { [key: string]: Json })[path.at(-1) ?? ''];
}

export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return path.length > prefix.length && prefix.every((name, index) => path[index] === name);
}

/** Those paths that lie in none of the others, each once. */
export function outermostPaths(paths: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const once = [...new Map(paths.map((path) => [path.join('\0'), path])).values()];
  return once.filter((path) => !once.some((other) => startsWith(path, other)));
}

/** Like an assignment, for names such as `__proto__` too. */
function define(branch: { [key: string]: Json }, name: string, value: Json): Json {
  Object.defineProperty(branch, name, { value, writable: true, enumerable: true, configurable: true });
  return value;
}
