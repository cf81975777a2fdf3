import type { Json } from '../../domain/json.ts';

/** The part of JSON Schema (draft 7) that the schema of trainyard.yaml uses. */
export interface Schema {
  readonly $ref?: string;
  readonly definitions?: { readonly [name: string]: Schema };
  readonly $defs?: { readonly [name: string]: Schema };
  readonly title?: string;
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly default?: Json;
  readonly examples?: readonly Json[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: { readonly [key: string]: Schema };
  readonly patternProperties?: { readonly [pattern: string]: Schema };
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** The schema with references followed, and with those of its alternatives that fit what is known of the value. */
export function alternativesOf(root: Schema, schema: Schema, known: ReadonlyMap<string, string>): readonly Schema[] {
  const target = follow(root, schema);
  const parts = [...(target.allOf ?? [])].flatMap((part) => alternativesOf(root, part, known));
  const choices = [...(target.oneOf ?? []), ...(target.anyOf ?? [])].flatMap((choice) =>
    alternativesOf(root, choice, known),
  );
  const fitting = choices.filter((choice) => !contradicts(choice, known));
  return [target, ...parts, ...(fitting.length > 0 ? fitting : choices)];
}

function follow(root: Schema, schema: Schema): Schema {
  let current = schema;
  for (let depth = 0; current.$ref !== undefined && depth < 20; depth++) {
    const name = current.$ref.replace(/^#\/(definitions|\$defs)\//, '');
    current = root.definitions?.[name] ?? root.$defs?.[name] ?? {};
  }
  return current;
}

/** Whether the alternative wants another word where one is fixed: `kind: slurm` rules out that of ssh. */
function contradicts({ properties }: Schema, known: ReadonlyMap<string, string>): boolean {
  return [...known].some(([key, text]) => {
    const wanted = properties?.[key]?.const;
    return wanted !== undefined && text !== '' && String(wanted) !== text.replace(/^["']|["']$/g, '');
  });
}

/** Schemas of the value at a path: keys, and numbers for items of lists. `known` says what the mapping at its end holds. */
export function schemasAt(
  root: Schema,
  path: readonly (string | number)[],
  known: ReadonlyMap<string, string>,
): readonly Schema[] {
  let current: readonly Schema[] = alternativesOf(root, root, path.length === 0 ? known : new Map());
  path.forEach((step, index) => {
    const isLast = index === path.length - 1;
    const next = current.flatMap((schema) => childrenOf(schema, step));
    current = next.flatMap((schema) => alternativesOf(root, schema, isLast ? known : new Map()));
  });
  return current;
}

function childrenOf(schema: Schema, step: string | number): readonly Schema[] {
  if (typeof step === 'number') return schema.items === undefined ? [] : [schema.items];
  const own = schema.properties?.[step];
  if (own !== undefined) return [own];
  const byPattern = Object.entries(schema.patternProperties ?? {})
    .filter(([pattern]) => new RegExp(pattern).test(step))
    .map(([, one]) => one);
  if (byPattern.length > 0) return byPattern;
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}

/** A key that a mapping may have. */
export interface KnownKey {
  readonly key: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** Keys that may stand at a path, without those that stand there already. */
export function keysAt(
  root: Schema,
  path: readonly (string | number)[],
  siblings: ReadonlyMap<string, string>,
): readonly KnownKey[] {
  const found = new Map<string, KnownKey>();
  for (const schema of schemasAt(root, path, siblings)) {
    for (const [key, one] of Object.entries(schema.properties ?? {})) {
      if (siblings.has(key) || found.has(key)) continue;
      found.set(key, { key, schema: follow(root, one), required: schema.required?.includes(key) ?? false });
    }
  }
  return [...found.values()].sort((a, b) => Number(b.required) - Number(a.required));
}

/** Values that may stand behind a key, as they are typed. */
export function valuesAt(
  root: Schema,
  path: readonly (string | number)[],
  siblings: ReadonlyMap<string, string>,
): readonly string[] {
  // The value's own word must not rule out the others: it is what is being changed.
  const key = path.at(-1);
  const others = new Map([...siblings].filter(([name]) => name !== key));
  const schemas = parentSchemas(root, path, others).flatMap((schema) =>
    key === undefined ? [] : childrenOf(schema, key).flatMap((one) => alternativesOf(root, one, new Map())),
  );
  const values = schemas.flatMap((schema): readonly Json[] => {
    if (schema.enum !== undefined) return schema.enum;
    if (schema.const !== undefined) return [schema.const];
    if (schema.type === 'boolean') return [true, false];
    return [...(schema.examples ?? []), ...(schema.default === undefined ? [] : [schema.default])];
  });
  return [...new Set(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))))];
}

function parentSchemas(root: Schema, path: readonly (string | number)[], known: ReadonlyMap<string, string>) {
  return schemasAt(root, path.slice(0, -1), known);
}

/** What a key means, as Markdown; undefined where the schema does not say. */
export function describeAt(
  root: Schema,
  path: readonly (string | number)[],
  siblings: ReadonlyMap<string, string>,
): string | undefined {
  for (const schema of parentSchemas(root, path, siblings).flatMap((one) => childrenOf(one, path.at(-1)!))) {
    const target = follow(root, schema);
    const text = schema.markdownDescription ?? schema.description ?? target.markdownDescription ?? target.description;
    if (text !== undefined) return text;
  }
  return undefined;
}
