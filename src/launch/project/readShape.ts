import { isMap, isScalar, isSeq, type LineCounter, type Pair, type ParsedNode, type YAMLMap } from 'yaml';
import { didYouMean } from '../../domain/config.ts';
import type { Json } from '../../domain/json.ts';
import type { Fields, Shape } from './shape.ts';

/** A value that was read: its JSON and, for names, the line of each. */
export interface Place {
  readonly lineOf: (path: string) => number | undefined;
}

/** Reads YAML nodes by their shape. What does not fit becomes a sentence with its line, and is left out; the rest holds. */
export class ShapeReader implements Place {
  readonly problems: string[] = [];
  readonly #lines = new Map<string, number>();
  readonly #counter: LineCounter;
  readonly #file: string;

  constructor(counter: LineCounter, file: string) {
    this.#counter = counter;
    this.#file = file;
  }

  /** Line, from 1, of the key at a dotted path that was read. */
  lineOf(path: string): number | undefined {
    return this.#lines.get(path);
  }

  read(node: ParsedNode | null, shape: Shape, path: string): Json | undefined {
    switch (shape.type) {
      case 'list':
        return this.#readList(node, shape, path);
      case 'names':
        return this.#readNames(node, shape.of, path);
      case 'object':
        return this.#readObject(node, shape.fields, path);
      case 'kinds':
        return this.#readKind(node, shape.kinds, path);
      default:
        return this.#readScalar(node, shape, path);
    }
  }

  complain(node: { range?: readonly [number, ...number[]] | null } | null, message: string): undefined {
    const line = node?.range === undefined || node.range === null ? 1 : this.#counter.linePos(node.range[0]).line;
    this.problems.push(`${this.#file}:${line}: ${message}`);
    return undefined;
  }

  /** The same for something that was read already. */
  complainAt(path: string, message: string): void {
    this.problems.push(`${this.#file}:${this.#lines.get(path) ?? 1}: ${message}`);
  }

  #readScalar(
    node: ParsedNode | null,
    shape: Extract<Shape, { type: 'text' | 'number' | 'integer' | 'flag' }>,
    path: string,
  ): Json | undefined {
    if (shape.type === 'text' && shape.mayBeEmpty === true && isEmpty(node)) return '';
    if (!isScalar(node) || node.value === null) return this.complain(node, `${path} must be ${describe(shape)}.`);
    if (shape.type === 'text') {
      // The text as it was written, so that 12:00:00 and 1.0 stay what they are.
      const text = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
      if (shape.choices === undefined || shape.choices.includes(text)) return text;
      return this.complain(
        node,
        `${path} must be ${describe(shape)}, not "${text}".${suggestion(text, shape.choices)}`,
      );
    }
    const fits =
      shape.type === 'flag'
        ? typeof node.value === 'boolean'
        : typeof node.value === 'number' &&
          Number.isFinite(node.value) &&
          (shape.type === 'number' || Number.isInteger(node.value));
    if (!fits) return this.complain(node, `${path} must be ${describe(shape)}, not "${node.source ?? node.value}".`);
    return node.value as Json;
  }

  #readList(node: ParsedNode | null, shape: Extract<Shape, { type: 'list' }>, path: string): Json | undefined {
    if (!isSeq(node)) {
      const example =
        isScalar(node) && typeof node.value === 'string'
          ? ` Write [${node.value.trim().split(/\s+/).join(', ')}].`
          : '';
      return this.complain(node, `${path} must be a list.${example}`);
    }
    if (shape.notEmpty === true && node.items.length === 0) return this.complain(node, `${path} must not be empty.`);
    const items: Json[] = [];
    let isWhole = true;
    for (const [index, item] of node.items.entries()) {
      this.#noteLine(`${path}[${index}]`, item as ParsedNode);
      const value = this.read(item as ParsedNode, shape.of, `${path}[${index}]`);
      if (value === undefined) isWhole = false;
      else items.push(value);
    }
    // A command with a word missing would be another command; lists of objects can lose one of them.
    return isWhole || shape.of.type === 'object' ? items : undefined;
  }

  #readNames(node: ParsedNode | null, of: Shape, path: string): Json | undefined {
    const map = this.#map(node, path);
    if (map === undefined) return undefined;
    const result: { [name: string]: Json } = {};
    for (const pair of map.items as Pair<ParsedNode, ParsedNode | null>[]) {
      const name = keyOf(pair);
      const inner = path === '' ? name : `${path}.${name}`;
      this.#noteLine(inner, pair.key);
      const value = this.read(pair.value, of, inner);
      if (value !== undefined) result[name] = value;
    }
    return result;
  }

  #readKind(node: ParsedNode | null, kinds: { readonly [kind: string]: Fields }, path: string): Json | undefined {
    const map = this.#map(node, path);
    if (map === undefined) return undefined;
    const names = Object.keys(kinds);
    const kind = map.get('kind');
    const fields = typeof kind === 'string' ? kinds[kind] : undefined;
    if (fields === undefined)
      return this.complain(map, `${path} needs a kind: ${names.join(', ')}.${suggestion(String(kind ?? ''), names)}`);
    return this.#readObject(node, { kind: { type: 'text', required: true }, ...fields }, path);
  }

  #readObject(node: ParsedNode | null, fields: Fields, path: string): Json | undefined {
    const map = this.#map(node, path);
    if (map === undefined) return undefined;
    const result: { [name: string]: Json } = {};
    for (const pair of map.items as Pair<ParsedNode, ParsedNode | null>[]) {
      const name = keyOf(pair);
      const inner = path === '' ? name : `${path}.${name}`;
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (field === undefined) {
        const known = Object.keys(fields);
        this.complain(
          pair.key,
          `There is no key ${inner}.${suggestion(name, known)} Known: ${known.join(', ') || 'none'}.`,
        );
        continue;
      }
      // A key with nothing behind it is as good as absent while it is being written.
      if (isEmpty(pair.value) && field.required !== true) continue;
      this.#noteLine(inner, pair.key);
      const value = this.read(pair.value, field, inner);
      if (value !== undefined) result[name] = value;
    }
    const lacking = Object.keys(fields).filter(
      (name) => fields[name]!.required === true && !Object.hasOwn(result, name),
    );
    const unsaid = lacking.filter((name) => !map.has(name));
    if (unsaid.length > 0) this.complain(map, `${path} needs ${unsaid.join(' and ')}.`);
    return lacking.length === 0 ? result : undefined;
  }

  #map(node: ParsedNode | null, path: string): YAMLMap.Parsed | undefined {
    if (isMap(node)) return node as YAMLMap.Parsed;
    return this.complain(node, `${path === '' ? 'The file' : path} must hold keys and values.`);
  }

  #noteLine(path: string, node: ParsedNode): void {
    if (node.range !== undefined && node.range !== null)
      this.#lines.set(path, this.#counter.linePos(node.range[0]).line);
  }
}

function keyOf(pair: Pair<ParsedNode, ParsedNode | null>): string {
  return isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : String(pair.key);
}

function isEmpty(node: ParsedNode | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function describe(shape: Extract<Shape, { type: 'text' | 'number' | 'integer' | 'flag' }>): string {
  if (shape.type === 'flag') return 'true or false';
  if (shape.type === 'number') return 'a number';
  if (shape.type === 'integer') return 'a whole number';
  return shape.choices === undefined ? 'text' : `one of ${shape.choices.join(', ')}`;
}

function suggestion(name: string, known: readonly string[]): string {
  return name === '' ? '' : didYouMean(name, known);
}
