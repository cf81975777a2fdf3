import { parseDocument } from 'yaml';
import { fail, ok, type Result } from '../../base/result.ts';
import { type Json, type JsonObject, jsonNumber } from '../../domain/json.ts';

/** The tree of a YAML configuration. Unknown tags (`!!python/object:…`) lose the tag and keep their value; numbers that JSON cannot hold become text. */
export function parseYaml(text: string, file: string): Result<JsonObject, 'unfinished'> {
  try {
    const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false });
    const error = document.errors[0];
    if (error !== undefined) return fail('unfinished', `${file} is not valid YAML: ${error.message.split('\n')[0]}`);
    const tree = toJson(document.toJS({ maxAliasCount: 1000 }));
    if (tree === null || typeof tree !== 'object' || Array.isArray(tree))
      return fail('unfinished', `${file} does not hold a tree of keys.`);
    return ok(tree as JsonObject);
  } catch (error) {
    return fail('unfinished', `${file} is not valid YAML: ${(error as Error).message}`);
  }
}

function toJson(value: unknown): Json {
  if (typeof value === 'number') return jsonNumber(value);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Date) return value.toISOString();
  const entries = value instanceof Map ? [...value] : Object.entries(value as object);
  return Object.fromEntries(entries.map(([key, item]) => [String(key), toJson(item)]));
}
