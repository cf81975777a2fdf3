import type { Json, JsonObject } from './json.ts';

export type FieldType = 'number' | 'integer' | 'boolean' | 'string' | 'choice' | 'path' | 'numbers';

/** What a file or folder must hold for a key of type `path`, so that forms can look for it. */
export const pathContents = ['images', 'table', 'language', 'records', 'onnx', 'tokenizer', 'variants'] as const;
export type PathContent = (typeof pathContents)[number];

/** One key of a recipe's configuration. Keys are dotted paths: `optimizer.learningRate`. */
export interface ConfigField {
  readonly key: string;
  readonly type: FieldType;
  readonly default: Json;
  readonly choices?: readonly string[];
  /** Bounds of a number, both included. */
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
  readonly description: string;
  /** Of paths only. */
  readonly holds?: PathContent;
  /** Its text names a column of the data at the key `of`, which is a path with `holds`. `many`: several, joined by commas; empty is none in particular. */
  readonly column?: { readonly of: string; readonly many?: true };
  /** Has no usable default: the user must give it. */
  readonly required?: boolean;
}

/** Something wrong with a configuration, with what would be right. */
export interface ConfigProblem {
  readonly key: string;
  readonly message: string;
}

/** One `key=value` of a command line, parsed. */
export interface Override {
  readonly key: string;
  readonly value: Json;
  /** The value as it was typed, for keys that hold text: a column may be called 007. */
  readonly text?: string;
}

/** Parses `key=value`. Values are numbers, true, false, null, [a, b], 'quoted' or "quoted" text, else plain text as it stands. */
export function parseOverride(text: string): Override | ConfigProblem {
  const at = text.indexOf('=');
  const key = (at < 0 ? text : text.slice(0, at)).trim();
  if (at < 0)
    return { key, message: `"${text}" is no override. Write key=value, for instance optimizer.learningRate=0.001.` };
  if (!/^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(key))
    return { key, message: `"${key}" is no key. Keys are names joined by dots.` };
  const typed = text.slice(at + 1).trim();
  return { key, value: parseValue(typed), text: typed };
}

/** Whether parsing gave a problem instead of a value. */
export function isProblem(parsed: Override | ConfigProblem): parsed is ConfigProblem {
  return 'message' in parsed;
}

/** A complete configuration from a partial tree: defaults, then the tree, then overrides; with every problem there is. */
export function resolveConfig(
  fields: readonly ConfigField[],
  tree: JsonObject,
  overrides: readonly Override[] = [],
): { readonly config: JsonObject; readonly problems: readonly ConfigProblem[] } {
  const byKey = new Map(fields.map((field) => [field.key, field]));
  const given = new Map<string, Json>(flatten(tree).map(([key, value]) => [key, valueFor(byKey.get(key), value)]));
  for (const { key, value, text } of overrides) given.set(key, valueFor(byKey.get(key), value, text));
  const problems: ConfigProblem[] = [];
  const flat = new Map<string, Json>();
  for (const key of given.keys()) {
    if (!byKey.has(key)) problems.push({ key, message: unknownKey(key, [...byKey.keys()]) });
  }
  for (const field of fields) {
    const value = given.has(field.key) ? given.get(field.key)! : field.default;
    const message = checkValue(field, value);
    if (message !== undefined) problems.push({ key: field.key, message });
    flat.set(field.key, value);
  }
  return { config: unflatten(flat), problems };
}

/** A value as its field means it: what looks like a number is text where the field holds text. `text` is how it was typed. */
export function valueFor(field: ConfigField | undefined, value: Json, text?: string): Json {
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  return isScalar && field !== undefined && textTypes.has(field.type) ? (text ?? String(value)) : value;
}

/** Why a value does not fit its field, or undefined where it does. */
export function checkValue(field: ConfigField, value: Json): string | undefined {
  if (value === null) return field.required ? `${field.key} must be given: ${field.description}` : undefined;
  const expected = describeField(field);
  const wrong = `${field.key} must be ${expected}, not ${JSON.stringify(value)}.`;
  if (!typeChecks[field.type](value, field)) return wrong;
  if (typeof value === 'number' && (value < (field.min ?? -Infinity) || value > (field.max ?? Infinity))) return wrong;
  return undefined;
}

/** "a number between 0 and 1", "one of mlp, unet, dit". */
export function describeField(field: ConfigField): string {
  if (field.type === 'choice') return `one of ${(field.choices ?? []).join(', ')}`;
  const names = {
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    string: 'text',
    path: 'a path',
    numbers: 'a list of numbers',
  };
  return `${names[field.type]}${describeBounds(field)}`;
}

/** The value at a dotted path, or undefined. */
export function valueAt(tree: JsonObject, key: string): Json | undefined {
  let node: Json | undefined = tree;
  for (const part of key.split('.')) {
    if (node === null || typeof node !== 'object' || Array.isArray(node)) return undefined;
    node = (node as JsonObject)[part];
  }
  return node;
}

/** Leaves of a tree by dotted path, in its order. Lists are leaves. */
export function flatten(tree: JsonObject, prefix = ''): [string, Json][] {
  return Object.entries(tree).flatMap(([name, value]): [string, Json][] => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const isBranch = value !== null && typeof value === 'object' && !Array.isArray(value);
    return isBranch ? flatten(value as JsonObject, key) : [[key, value]];
  });
}

/** The tree of leaves by dotted path. */
export function unflatten(leaves: Iterable<readonly [string, Json]>): JsonObject {
  const root: Record<string, Json> = {};
  for (const [key, value] of leaves) {
    const parts = key.split('.');
    const last = parts.pop()!;
    let node = root;
    for (const part of parts) {
      if (typeof node[part] !== 'object' || node[part] === null) node[part] = {};
      node = node[part] as Record<string, Json>;
    }
    node[last] = value;
  }
  return root;
}

/** The known name that was probably meant: one that it shortens (`lr`, `width` without its group), else the nearest, unless even that is far. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const shortened = known.filter((one) => isShortFor(name, one));
  if (shortened.length === 1) return shortened[0];
  const nearest = known
    .map((one) => ({ one, distance: editDistance(name, one) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest !== undefined && nearest.distance <= Math.max(2, name.length / 3) ? nearest.one : undefined;
}

/** " Did you mean lr?" behind a sentence about a name that is not known; empty where none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`;
}

const textTypes: ReadonlySet<FieldType> = new Set(['string', 'path', 'choice']);

const typeChecks: { readonly [T in FieldType]: (value: Json, field: ConfigField) => boolean } = {
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  path: (value) => typeof value === 'string',
  choice: (value, field) => typeof value === 'string' && (field.choices ?? []).includes(value),
  numbers: (value) => Array.isArray(value) && value.every((item) => typeof item === 'number' && Number.isFinite(item)),
};

function describeBounds(field: ConfigField): string {
  if (field.min !== undefined && field.max !== undefined) return ` between ${field.min} and ${field.max}`;
  if (field.min !== undefined) return ` of at least ${field.min}`;
  if (field.max !== undefined) return ` of at most ${field.max}`;
  return '';
}

function parseValue(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number(text);
  const quoted = /^(["'])([\s\S]*)\1$/.exec(text);
  if (quoted !== null) return quoted[2]!.replaceAll(`\\${quoted[1]}`, quoted[1]!);
  if (text.startsWith('[') && text.endsWith(']')) {
    const inner = text.slice(1, -1).trim();
    return inner === '' ? [] : inner.split(',').map((item) => parseValue(item.trim()));
  }
  return text;
}

function unknownKey(key: string, known: readonly string[]): string {
  return `There is no key ${key} in this recipe.${didYouMean(key, known)}`;
}

/** `lr` and `optimizer.lr` are short for `optimizer.learningRate`, `width` for `network.width`, `learning_rate` for the first again. */
function isShortFor(name: string, known: string): boolean {
  const [group, last] = splitLast(name);
  const [knownGroup, knownLast] = splitLast(known);
  if (group !== '' && group !== knownGroup) return false;
  const initials = knownLast.charAt(0) + knownLast.replace(/[^A-Z]/g, '');
  const plain = (text: string) => text.replace(/[-_]/g, '').toLowerCase();
  return plain(last) === plain(knownLast) || (initials.length > 1 && last.toLowerCase() === initials.toLowerCase());
}

/** "optimizer.muon" and "momentum" of "optimizer.muon.momentum". */
function splitLast(key: string): readonly [string, string] {
  const at = key.lastIndexOf('.');
  return at < 0 ? ['', key] : [key.slice(0, at), key.slice(at + 1)];
}

/** Levenshtein's distance by the two-row method. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
