import { evaluateFunction, isKnownFunction, knownFunctions } from './functions.ts';
import { type Token, type TokenKind, tokenize } from './tokens.ts';
import type { HydraElement, HydraEntry, HydraOverride, HydraScalar, HydraValue, OverrideProblem } from './values.ts';
import { isSweep } from './values.ts';

export type ParsedOverride =
  | { readonly ok: true; readonly override: HydraOverride }
  | { readonly ok: false; readonly problem: OverrideProblem };

export type ParsedValue =
  | { readonly ok: true; readonly value: HydraValue }
  | { readonly ok: false; readonly problem: OverrideProblem };

/** One word of Hydra's command line: `key=value`, `+key=value`, `++key=value`, `~key` or `~key=value`. Grammar of Hydra 1.3. */
export function parseHydraOverride(text: string): ParsedOverride {
  const tokens = tokenize(text);
  if (!Array.isArray(tokens)) return { ok: false, problem: tokens as OverrideProblem };
  return attempt(text, tokens, (reader) => ({ ok: true, override: readOverride(reader) }));
}

/** What may stand behind the equals sign. */
export function parseHydraValue(text: string): ParsedValue {
  const tokens = tokenize(text, 'value');
  if (!Array.isArray(tokens)) return { ok: false, problem: tokens as OverrideProblem };
  return attempt(text, tokens, (reader) => ({ ok: true, value: readValueToEnd(reader) }));
}

function attempt<T>(
  text: string,
  tokens: readonly Token[],
  read: (reader: Reader) => T,
): T | { ok: false; problem: OverrideProblem } {
  try {
    return read(new Reader(text, tokens));
  } catch (error) {
    if (error instanceof Misfit) return { ok: false, problem: { at: error.at, message: error.message } };
    throw error;
  }
}

/** Leaves the recursive descent at the first thing that does not fit; never leaves this file. */
class Misfit extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

class Reader {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.text = text;
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)]!;
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#index++;
    return token;
  }

  takeIf(kind: TokenKind): Token | undefined {
    return this.peek().kind === kind ? this.take() : undefined;
  }

  expect(kind: TokenKind, message: string): Token {
    if (this.peek().kind !== kind) throw new Misfit(this.peek().at, message);
    return this.take();
  }
}

function readOverride(reader: Reader): HydraOverride {
  const kind = readSign(reader);
  const start = reader.peek().at;
  const key = readKey(reader);
  if (key === '') throw new Misfit(start, `There is no key before ${shown(reader.peek())}. Write key=value.`);
  const named = reader.takeIf('at') === undefined ? {} : { package: readPackage(reader) };
  if (kind === 'delete' && reader.peek().kind === 'end') return { kind, key, ...named };
  if (reader.peek().kind === 'end')
    throw new Misfit(reader.peek().at, `"${reader.text}" sets nothing. Write ${key}=value, or ~${key} to remove it.`);
  reader.expect('equal', `${shown(reader.peek())} does not fit into a key. Write ${key}=value.`);
  if (reader.peek().kind === 'end') return { kind, key, ...named, value: { kind: 'string', value: '' } };
  return { kind, key, ...named, value: readValueToEnd(reader) };
}

function readSign(reader: Reader): HydraOverride['kind'] {
  if (reader.takeIf('tilde') !== undefined) return 'delete';
  if (reader.takeIf('plus') === undefined) return 'change';
  return reader.takeIf('plus') === undefined ? 'add' : 'force';
}

function readKey(reader: Reader): string {
  const isWord = reader.peek().kind === 'id';
  let key = readPackage(reader);
  while (reader.peek().kind === 'slash') {
    const slash = reader.take();
    // Only groups have slashes, and their parts are plain names.
    if (!isWord) throw new Misfit(slash.at, 'A slash stands between the names of groups: group/subgroup=option.');
    const part = reader.expect('id', `After "${key}/" comes the name of a group.`);
    key += `/${part.text}`;
  }
  return key;
}

function readPackage(reader: Reader): string {
  const { kind } = reader.peek();
  return kind === 'id' || kind === 'keySpecial' || kind === 'dotPath' ? reader.take().text : '';
}

function readValueToEnd(reader: Reader): HydraValue {
  const first = readElement(reader);
  if (reader.peek().kind === 'end') return first;
  if (reader.peek().kind !== 'comma') throw misplaced(reader.peek());
  const values = [element(first, reader.peek().at)];
  while (reader.takeIf('comma') !== undefined) values.push(element(readElement(reader), reader.peek().at));
  if (reader.peek().kind !== 'end') throw misplaced(reader.peek());
  return { kind: 'choice', values, isSimple: true, shuffle: false, tags: [] };
}

/** A list, a dictionary, a function or a plain value. */
function readElement(reader: Reader): HydraValue {
  const token = reader.peek();
  if (token.kind === 'bracketOpen') return readList(reader);
  if (token.kind === 'braceOpen') return readDict(reader);
  if (token.kind === 'id' && reader.peek(1).kind === 'parenOpen') return readFunction(reader);
  if (token.kind === 'quoted') return unquote(reader.take().text);
  return readPlain(reader, plainKinds);
}

function readList(reader: Reader): HydraElement {
  const open = reader.take();
  const items: HydraElement[] = [];
  while (reader.peek().kind !== 'bracketClose') {
    if (items.length > 0) reader.expect('comma', listEnd(reader.peek(), open, ']'));
    items.push(element(readElement(reader), reader.peek().at));
  }
  reader.take();
  return { kind: 'list', items };
}

function readDict(reader: Reader): HydraElement {
  const open = reader.take();
  const entries: HydraEntry[] = [];
  while (reader.peek().kind !== 'braceClose') {
    if (entries.length > 0) reader.expect('comma', listEnd(reader.peek(), open, '}'));
    if (reader.peek().kind === 'quoted')
      throw new Misfit(reader.peek().at, 'Hydra takes no quotes around a key in {…}. Write {key:value}.');
    const key = readPlain(reader, dictKeyKinds);
    reader.expect('colon', `A colon is missing behind the key. Write {${printKey(key)}:value}.`);
    entries.push([key, element(readElement(reader), reader.peek().at)]);
  }
  reader.take();
  return { kind: 'dict', entries: lastOfEach(entries) };
}

function readFunction(reader: Reader): HydraValue {
  const name = reader.take();
  reader.take();
  const positional: HydraValue[] = [];
  const named = new Map<string, HydraValue>();
  while (reader.peek().kind !== 'parenClose') {
    if (positional.length + named.size > 0)
      reader.expect('comma', `${name.text}( is not closed: a ")" or a comma is missing here.`);
    if (reader.peek().kind === 'id' && reader.peek(1).kind === 'equal') {
      const key = reader.take().text;
      reader.take();
      named.set(key, readElement(reader));
      continue;
    }
    if (named.size > 0)
      throw new Misfit(reader.peek().at, `In ${name.text}(…), values without a name come before those with one.`);
    positional.push(readElement(reader));
  }
  reader.take();
  if (!isKnownFunction(name.text))
    throw new Misfit(
      name.at,
      `There is no function ${name.text}. Hydra has ${knownFunctions.join(', ')}; a value with parentheses needs quotes.`,
    );
  const result = evaluateFunction(name.text, positional, named);
  if (!result.ok) throw new Misfit(name.at, result.message);
  return result.value;
}

const plainKinds: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'id',
  'null',
  'integer',
  'float',
  'boolean',
  'interpolation',
  'unquoted',
  'colon',
  'escape',
  'space',
]);
const dictKeyKinds: ReadonlySet<TokenKind> = new Set(
  [...plainKinds].filter((kind) => kind !== 'colon' && kind !== 'interpolation'),
);

/** Tokens that stand side by side are one text; a single one keeps its type. White space around it does not count. */
function readPlain(reader: Reader, kinds: ReadonlySet<TokenKind>): HydraScalar {
  const tokens: Token[] = [];
  while (kinds.has(reader.peek().kind)) tokens.push(reader.take());
  if (tokens.length === 0) throw misplaced(reader.peek());
  if (reader.peek().kind === 'quoted')
    throw new Misfit(reader.peek().at, 'Quotes must be around the whole value, not around a part of it.');
  const inner = tokens.slice(
    tokens[0]!.kind === 'space' ? 1 : 0,
    tokens.length > 1 && tokens.at(-1)!.kind === 'space' ? -1 : undefined,
  );
  if (inner.length === 0)
    throw new Misfit(tokens[0]!.at, 'There is only white space here. Write quotes for empty text.');
  if (inner.length === 1) return plainScalar(inner[0]!);
  return { kind: 'string', value: inner.map(tokenText).join('') };
}

function plainScalar(token: Token): HydraScalar {
  if (token.kind === 'null') return { kind: 'null' };
  if (token.kind === 'boolean') return { kind: 'boolean', value: token.text.toLowerCase() === 'true' };
  if (token.kind === 'integer') return { kind: 'integer', value: readInteger(token.text) };
  if (token.kind === 'float') return { kind: 'float', value: readFloat(token.text) };
  return { kind: 'string', value: tokenText(token) };
}

function readInteger(text: string): bigint {
  const magnitude = BigInt(text.replace(/^[+-]/, '').replaceAll('_', ''));
  return text.startsWith('-') ? -magnitude : magnitude;
}

function readFloat(text: string): number {
  const word = /^([+-]?)(inf|nan)$/i.exec(text);
  if (word === null) return Number(text.replaceAll('_', ''));
  if (word[2]!.toLowerCase() === 'nan') return Number.NaN;
  return word[1] === '-' ? -Infinity : Infinity;
}

function tokenText(token: Token): string {
  return token.kind === 'escape' ? token.text.replace(/\\([\s\S])/g, '$1') : token.text;
}

/** Only backslashes before a quote are escapes; all others stand for themselves. */
function unquote(text: string): HydraScalar {
  const quote = text[0] as '"' | "'";
  const body = text.slice(1);
  const value = body
    .replace(quote === '"' ? /\\+"/g : /\\+'/g, (match, at: number) => {
      const isEnd = at + match.length === body.length;
      const slashes = match.length - 1;
      return '\\'.repeat(Math.floor(slashes / 2)) + (isEnd ? quote : slashes % 2 === 1 ? quote : '');
    })
    .slice(0, -1);
  return { kind: 'quoted', value, quote };
}

function element(value: HydraValue, at: number): HydraElement {
  if (isSweep(value)) throw new Misfit(at, 'A sweep cannot stand inside of a list, a dictionary or another sweep.');
  return value;
}

/** As in a dictionary of Python, a key that comes twice keeps its first place and its last value. */
function lastOfEach(entries: readonly HydraEntry[]): readonly HydraEntry[] {
  const byKey = new Map<string, HydraEntry>();
  for (const entry of entries) {
    const key = printKey(entry[0]);
    const first = byKey.get(key);
    byKey.set(key, first === undefined ? entry : [first[0], entry[1]]);
  }
  return [...byKey.values()];
}

function printKey(key: HydraScalar): string {
  return key.kind === 'null' ? 'null' : String(key.value);
}

function listEnd(token: Token, open: Token, close: string): string {
  if (token.kind === 'end') return `"${open.text.trim()}" is not closed: a "${close}" is missing.`;
  return `${shown(token)} does not fit here: a comma or "${close}" is missing.`;
}

function misplaced(token: Token): Misfit {
  if (token.kind === 'end') return new Misfit(token.at, 'A value is missing at the end.');
  if (token.kind === 'equal') return new Misfit(token.at, 'A value that holds "=" needs quotes: key=\'a=b\'.');
  return new Misfit(
    token.at,
    `${shown(token)} does not fit here. Put quotes around values that hold , ( ) [ ] { } or =.`,
  );
}

function shown(token: Token): string {
  return token.kind === 'end' ? 'the end' : `"${token.text.trim() === '' ? token.text : token.text.trim()}"`;
}
