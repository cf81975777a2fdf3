import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { didYouMean } from '../../domain/config.ts';
import { alternativesOf, type Schema } from './schema.ts';

/** Something wrong in the file, with the place of it as offsets of characters. */
export interface YamlProblem {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** What is wrong in the text: with YAML itself, or by the schema. */
export function validateYaml(root: Schema, text: string): readonly YamlProblem[] {
  const document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: false });
  if (document.errors.length > 0) {
    return document.errors.map(({ pos: [from, to], message }) => ({ from, to: Math.max(to, from + 1), message }));
  }
  if (document.contents === null) return [];
  return check(root, root, document.contents, 'The file');
}

function check(root: Schema, schema: Schema, node: Node, what: string): readonly YamlProblem[] {
  const schemas = alternativesOf(root, schema, knownTexts(node));
  const [target] = schemas;
  const choices = [...(target?.oneOf ?? []), ...(target?.anyOf ?? [])];
  const own = checkOne(root, { ...target, oneOf: [], anyOf: [] } as Schema, node, what, schemas);
  if (own.length > 0 || choices.length === 0) return own;
  // Of several alternatives the one with the fewest faults was meant.
  const fitting = choices.flatMap((choice) => alternativesOf(root, choice, knownTexts(node)).slice(0, 1));
  const meant = fitting.filter((choice) => schemas.includes(choice));
  const answers = (meant.length > 0 ? meant : fitting).map((choice) => check(root, choice, node, what));
  return answers.sort((a, b) => a.length - b.length)[0] ?? [];
}

function checkOne(
  root: Schema,
  schema: Schema,
  node: Node,
  what: string,
  all: readonly Schema[],
): readonly YamlProblem[] {
  const message = typeProblem(schema, node, what) ?? valueProblem(schema, node, what);
  if (message !== undefined) return [{ ...rangeOf(node), message }];
  if (isSeq(node) && schema.items !== undefined) {
    const { items } = schema;
    return (node.items as Node[]).flatMap((item, index) => check(root, items, item, `Item ${index + 1} of ${what}`));
  }
  return isMap(node) ? checkMap(root, schema, node.items as Pair<Node, Node | null>[], node, what, all) : [];
}

function checkMap(
  root: Schema,
  schema: Schema,
  pairs: readonly Pair<Node, Node | null>[],
  node: Node,
  what: string,
  all: readonly Schema[],
): readonly YamlProblem[] {
  const keys = pairs.map(({ key }) => String(isScalar(key) ? key.value : key));
  const missing = (schema.required ?? []).filter((key) => !keys.includes(key));
  const problems: YamlProblem[] = missing.map((key) => ({
    ...rangeOf(node, true),
    message: `${what} needs "${key}".`,
  }));
  pairs.forEach(({ key, value }, index) => {
    const name = keys[index]!;
    const child = childSchema(schema, name);
    if (child === undefined && schema.additionalProperties === false) {
      const known = all.flatMap(({ properties }) => Object.keys(properties ?? {}));
      const advice = didYouMean(name, known) || ` Known: ${[...new Set(known)].join(', ')}.`;
      problems.push({ ...rangeOf(key), message: `There is no key "${name}" here.${advice}` });
    }
    if (child !== undefined && value !== null) problems.push(...check(root, child, value, `"${name}"`));
  });
  return problems;
}

function childSchema(schema: Schema, key: string): Schema | undefined {
  const own = schema.properties?.[key];
  if (own !== undefined) return own;
  const byPattern = Object.entries(schema.patternProperties ?? {}).find(([pattern]) => new RegExp(pattern).test(key));
  if (byPattern !== undefined) return byPattern[1];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

const typeWords: { readonly [type: string]: string } = {
  object: 'a mapping of keys',
  array: 'a list',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'nothing',
};

function typeProblem({ type }: Schema, node: Node, what: string): string | undefined {
  if (type === undefined) return undefined;
  const types = typeof type === 'string' ? [type] : type;
  if (types.some((one) => isOfType(one, node))) return undefined;
  return `${what} must be ${types.map((one) => typeWords[one] ?? one).join(' or ')}.`;
}

function isOfType(type: string, node: Node): boolean {
  if (type === 'object') return isMap(node);
  if (type === 'array') return isSeq(node);
  if (!isScalar(node)) return false;
  const { value } = node;
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  return typeof value === type;
}

function valueProblem(
  { enum: choices, const: fixed, pattern, minimum, maximum }: Schema,
  node: Node,
  what: string,
): string | undefined {
  if (!isScalar(node)) return undefined;
  const { value } = node;
  if (choices !== undefined && !choices.includes(value as never))
    return `${what} must be one of ${choices.join(', ')}.`;
  if (fixed !== undefined && value !== fixed) return `${what} must be ${JSON.stringify(fixed)}.`;
  if (pattern !== undefined && typeof value === 'string' && !new RegExp(pattern).test(value))
    return `${what} does not have the form ${pattern}.`;
  if (typeof value === 'number' && value < (minimum ?? -Infinity)) return `${what} must be at least ${minimum}.`;
  if (typeof value === 'number' && value > (maximum ?? Infinity)) return `${what} must be at most ${maximum}.`;
  return undefined;
}

/** Plain values of a mapping, by which alternatives are told apart. */
function knownTexts(node: Node): ReadonlyMap<string, string> {
  if (!isMap(node)) return new Map();
  return new Map(
    node.items
      .filter(({ key, value }) => isScalar(key) && isScalar(value))
      .map(({ key, value }) => [
        String((key as { value: unknown }).value),
        String((value as { value: unknown }).value),
      ]),
  );
}

/** `short`: only the beginning, so that what is missing in a long mapping does not underline all of it. */
function rangeOf(node: Node, short = false): { readonly from: number; readonly to: number } {
  const [from, to] = node.range ?? [0, 1];
  return { from, to: short ? from + 1 : Math.max(to, from + 1) };
}
