import type { Json, JsonObject } from '../../domain/json.ts';

/** How much a configuration may grow: interpolations of interpolations could make a small file fill memory. */
const largestNodes = 20_000;
const largestText = 65_536;
const deepest = 16;

/**
 * A configuration with its simple interpolations resolved: `${a.b}`, `${a[0]}`, `${.sibling}`, `${..above}` and `${hydra:job.name}`. What asks a resolver
 * (`${oc.env:HOME}`, `${now:%H}`) was decided by the program on its own machine, and stays as it is written; so does what leads nowhere or in a circle.
 * Grammar: OmegaConf 2.3, omegaconf/grammar/OmegaConfGrammar{Lexer,Parser}.g4.
 */
export function resolveInterpolations(config: JsonObject, hydra: JsonObject = {}): JsonObject {
  return new Resolver(config, hydra).tree(config, []) as JsonObject;
}

type Path = readonly string[];

class Resolver {
  readonly #root: JsonObject;
  readonly #hydra: JsonObject;
  #nodesLeft = largestNodes;

  constructor(root: JsonObject, hydra: JsonObject) {
    this.#root = root;
    this.#hydra = hydra;
  }

  tree(value: Json, path: Path, depth = 0): Json {
    this.#nodesLeft -= 1;
    if (typeof value === 'string') return value.includes('${') ? this.#text(value, path, depth) : value;
    if (Array.isArray(value))
      return value.map((item, index) => this.tree(item as Json, [...path, String(index)], depth));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.tree(item, [...path, key], depth)]),
    );
  }

  /** A text that is one interpolation takes the value it names, of any type; in a longer text, values become text. */
  #text(text: string, path: Path, depth: number): Json {
    const whole = wholePattern.exec(text)?.[1];
    if (whole !== undefined) return this.#value(whole, path, depth) ?? text;
    const resolved = text.replace(innerPattern, (written, expression: string) => {
      const value = this.#value(expression, path, depth);
      return value === undefined || value === null || typeof value === 'object' ? written : String(value);
    });
    return resolved.length > largestText ? text : resolved;
  }

  #value(expression: string, path: Path, depth: number): Json | undefined {
    if (depth >= deepest || this.#nodesLeft <= 0) return undefined;
    const target = this.#target(expression.trim(), path);
    const found = target === undefined ? undefined : lookUp(target.tree, target.path);
    if (target === undefined || found === undefined) return undefined;
    const resolved = this.tree(found, target.path, depth + 1);
    // A circle comes back as text that still asks.
    return this.#nodesLeft <= 0 ? undefined : resolved;
  }

  #target(expression: string, path: Path): { readonly tree: JsonObject; readonly path: Path } | undefined {
    const hydra = /^hydra:([\w.[\]-]+)$/.exec(expression)?.[1];
    if (hydra !== undefined) return { tree: this.#hydra, path: keysOf(hydra) };
    const [, dots, rest] = /^(\.*)([\w./@[\]-]+)$/.exec(expression) ?? [];
    if (dots === undefined || rest === undefined) return undefined;
    const keys = keysOf(rest);
    // While a configuration is composed, Hydra's settings are a part of it.
    if (dots === '' && keys[0] === 'hydra' && this.#root['hydra'] === undefined)
      return { tree: this.#hydra, path: keys.slice(1) };
    // One dot is the node that holds the value, each further one its parent.
    const base = dots === '' ? [] : path.slice(0, Math.max(0, path.length - dots.length));
    return { tree: this.#root, path: [...base, ...keys] };
  }
}

const wholePattern = /^\$\{([^${}]+)\}$/;
const innerPattern = /(?<!\\)\$\{([^${}]+)\}/g;

function keysOf(expression: string): Path {
  return expression
    .replace(/\[([^\]]*)\]/g, '.$1')
    .split('.')
    .filter((key) => key !== '');
}

function lookUp(tree: JsonObject, path: Path): Json | undefined {
  let node: Json | undefined = tree;
  for (const key of path) {
    if (node === null || typeof node !== 'object') return undefined;
    node = Object.hasOwn(node, key) ? (node as JsonObject)[key] : undefined;
  }
  return node;
}
