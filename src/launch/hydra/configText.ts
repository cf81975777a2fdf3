import { type Document, isMap, isScalar, LineCounter, type Pair, parseDocument, type ScalarTag, type Tags } from 'yaml';
import type { Json, JsonObject } from '../../domain/json.ts';

/** One configuration file, as Hydra and OmegaConf read it. */
export interface ConfigText {
  /** Without its defaults list. */
  readonly tree: JsonObject;
  /** Items of its defaults list as they stand there; absent where it has none. */
  readonly defaults?: readonly Json[];
  /** The package of its header, `# @package _global_`. */
  readonly header?: string;
  /** What is said beside or above keys, by dotted key in this file. */
  readonly comments: ReadonlyMap<string, string>;
  /** Sentences with lines; the rest holds. */
  readonly problems: readonly string[];
}

/** Reads a configuration. Numbers and truth values are told as OmegaConf does it: 1e-4 and 1_000 are numbers, yes and on are true. */
export function readConfigText(text: string, name: string): ConfigText {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    schema: 'core',
    customTags: omegaTags,
    merge: true,
    logLevel: 'silent',
    lineCounter: counter,
    uniqueKeys: true,
  });
  const problems = document.errors.map(
    ({ message, pos }) =>
      `${name}:${counter.linePos(pos[0]).line}: ${message.split('\n')[0]!.replace(/ at line \d+.*/, '')}.`,
  );
  const value = toJson(document, problems, name);
  const { defaults, ...tree } = value;
  if (defaults !== undefined && defaults !== null && !Array.isArray(defaults))
    problems.push(`${name}: its defaults must be a list.`);
  const header = packageHeader(text);
  return {
    tree,
    ...(Array.isArray(defaults) ? { defaults } : {}),
    ...(header === undefined ? {} : { header }),
    comments: commentsOf(document),
    problems,
  };
}

function toJson(document: Document.Parsed, problems: string[], name: string): JsonObject {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null || value === undefined) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return cleaned(value as Json) as JsonObject;
    problems.push(`${name} must hold keys and values.`);
  } catch (error) {
    problems.push(`${name}: ${(error as Error).message}`);
  }
  return {};
}

/** Infinities and NaN as text, because a configuration travels as JSON; a key that would change objects themselves is left out. */
function cleaned(value: Json): Json {
  if (typeof value === 'number' && !Number.isFinite(value))
    return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '__proto__')
      .map(([key, item]) => [key, cleaned(item)]),
  );
}

/** Lines such as `# @package foo` before anything else, within the first 512 characters (hydra/plugins/config_source.py). */
function packageHeader(text: string): string | undefined {
  for (const line of text.slice(0, 512).split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '') continue;
    if (!/^#\s*@/.test(trimmed)) return undefined;
    const found = /^#+\s*@package +(\S+)\s*$/.exec(trimmed);
    if (found !== null) return found[1];
  }
  return undefined;
}

function commentsOf(document: Document.Parsed): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  collect(document.contents, '', comments);
  return comments;
}

function collect(node: unknown, path: string, comments: Map<string, string>): void {
  if (!isMap(node)) return;
  for (const pair of node.items as Pair[]) {
    if (!isScalar(pair.key)) continue;
    const key = path === '' ? String(pair.key.value) : `${path}.${pair.key.value}`;
    const beside = isScalar(pair.value) ? pair.value.comment : undefined;
    const above = pair.key.commentBefore;
    const said = beside ?? above?.split(/\n\s*\n/).at(-1);
    if (said !== undefined && said !== null)
      comments.set(
        key,
        said
          .split('\n')
          .map((line) => line.trim())
          .join(' ')
          .trim(),
      );
    collect(pair.value, key, comments);
  }
}

const bool: ScalarTag = {
  identify: (value) => typeof value === 'boolean',
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|t|on)/i.test(text),
};

/** Floats as in omegaconf/_utils.py, which takes 1e-4 though YAML 1.1 does not. */
const float: ScalarTag = {
  identify: (value) => typeof value === 'number',
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  resolve: (text) => {
    if (/nan$/i.test(text)) return Number.NaN;
    if (/inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
    return Number(text.replaceAll('_', ''));
  },
};

/** Integers of YAML 1.1: 1_000, 0x1F, 0b1, 017, and 1:30 to the base of sixty. */
const integer: ScalarTag = {
  identify: (value) => typeof value === 'number' && Number.isInteger(value),
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  resolve: (text) => {
    const sign = text.startsWith('-') ? -1 : 1;
    const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
    if (digits.includes(':')) return sign * digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    return sign * Number(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  },
};

function omegaTags(tags: Tags): Tags {
  const replaced = new Set(['tag:yaml.org,2002:bool', 'tag:yaml.org,2002:float', 'tag:yaml.org,2002:int']);
  const rest = tags.filter((tag) => typeof tag === 'string' || !replaced.has(tag.tag));
  return [...rest, bool, integer, float];
}
