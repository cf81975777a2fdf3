import { pythonFloat } from './numbers.ts';
import { parseHydraValue } from './parse.ts';
import {
  type HydraElement,
  type HydraOverride,
  type HydraSweep,
  type HydraValue,
  isSweep,
  overrideSigns,
  type Quote,
} from './values.ts';

/** An override as one word of a command line. Parsing it gives the same override again. */
export function printHydraOverride(override: HydraOverride): string {
  const key = `${printOverrideKey(override)}`;
  if (override.value === undefined) return key;
  const { value } = override;
  return `${key}=${value.kind === 'string' && value.value === '' ? '' : printHydraValue(value)}`;
}

/** What stands before the equals sign: "++model@net". */
export function printOverrideKey({ kind, key, package: name }: HydraOverride): string {
  return `${overrideSigns[kind]}${key}${name === undefined ? '' : `@${name}`}`;
}

/** A value in Hydra's own spelling: True, 0.001, 1e-05, [a,b], {k:v}. Text gets quotes only where it would be read as something else. */
export function printHydraValue(value: HydraValue): string {
  return isSweep(value) ? printSweep(value) : printElement(value);
}

/**
 * The word that sets a key to a text, whatever is in the text: spaces, quotes, commas, line breaks.
 * An interpolation in it stays one unless `literal`, and then the text arrives letter by letter (OmegaConf's `\${`).
 */
export function textOverride(key: string, text: string, { literal = false }: { literal?: boolean } = {}): string {
  return `${key}=${printText(literal ? text.replace(/(\\*)\$\{/g, '$1$1\\${') : text)}`;
}

/** Text between quotes so that it is read back unchanged: quotes and the backslashes before them are escaped, nothing else. */
export function quoteText(text: string, quote: Quote = "'"): string {
  const pattern = quote === "'" ? /(\\*)'/g : /(\\*)"/g;
  const inner = text.replace(pattern, (_match, slashes: string) => `${slashes}${slashes}\\${quote}`);
  const tail = /\\+$/.exec(inner)?.[0] ?? '';
  return `${quote}${inner}${tail}${quote}`;
}

const escaped = /[\\()[\]{}:=, \t]/;

function printElement(value: HydraElement): string {
  switch (value.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return value.value ? 'True' : 'False';
    case 'integer':
      return String(value.value);
    case 'float':
      return pythonFloat(value.value);
    case 'string':
      return printText(value.value);
    case 'quoted':
      return quoteText(value.value, value.quote);
    case 'list':
      return `[${value.items.map(printElement).join(',')}]`;
    case 'dict':
      return `{${value.entries.map(([key, item]) => `${printElement(key)}:${printElement(item)}`).join(',')}}`;
  }
}

/** Escapes where they are enough, as Hydra does it; else quotes. */
function printText(text: string): string {
  const plain = escaped.test(text) ? escapeAll(text) : text;
  const parsed = parseHydraValue(plain);
  const isSame = parsed.ok && parsed.value.kind === 'string' && parsed.value.value === text;
  return isSame ? plain : quoteText(text);
}

/** As Hydra's escape_special_characters: a backslash before each character of the grammar's ESC rule. */
function escapeAll(text: string): string {
  return text.replace(/[\\()[\]{}:=, \t]/g, (character) => `\\${character}`);
}

function printSweep(sweep: HydraSweep): string {
  if (sweep.kind === 'glob') return printGlob(sweep.include, sweep.exclude);
  const inner = printUntagged(sweep);
  return sweep.tags.length === 0 ? inner : `tag(${[...sweep.tags.map(printText), inner].join(',')})`;
}

function printUntagged(sweep: Exclude<HydraSweep, { kind: 'glob' }>): string {
  if (sweep.kind === 'interval') return printInterval(sweep);
  if (sweep.kind === 'range') {
    const range = `range(${[sweep.start, sweep.stop, sweep.step].map(printElement).join(',')})`;
    return sweep.shuffle ? `shuffle(${range})` : range;
  }
  const values = sweep.values.map(printElement).join(',');
  if (!sweep.isSimple) return sweep.shuffle ? `shuffle(choice(${values}))` : `choice(${values})`;
  return sweep.shuffle ? `shuffle(${values})` : values;
}

function printInterval(sweep: Extract<HydraSweep, { kind: 'interval' }>): string {
  const text = `interval(${printElement(sweep.start)},${printElement(sweep.end)})`;
  return sweep.start.kind === 'integer' ? `int(${text})` : text;
}

function printGlob(include: readonly string[], exclude: readonly string[]): string {
  const list = (patterns: readonly string[]): string =>
    patterns.length === 1 ? printText(patterns[0]!) : `[${patterns.map(printText).join(',')}]`;
  return exclude.length === 0 ? `glob(${list(include)})` : `glob(${list(include)},${list(exclude)})`;
}
