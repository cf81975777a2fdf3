import type { OverrideProblem } from './values.ts';

export type TokenKind =
  | 'equal'
  | 'tilde'
  | 'plus'
  | 'at'
  | 'slash'
  | 'colon'
  | 'id'
  | 'keySpecial'
  | 'dotPath'
  | 'parenOpen'
  | 'parenClose'
  | 'comma'
  | 'bracketOpen'
  | 'bracketClose'
  | 'braceOpen'
  | 'braceClose'
  | 'float'
  | 'integer'
  | 'boolean'
  | 'null'
  | 'unquoted'
  | 'escape'
  | 'space'
  | 'quoted'
  | 'interpolation'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

type Rule = readonly [kind: TokenKind, pattern: RegExp];

const id = '[A-Za-z_][A-Za-z0-9_-]*';
const special = '[A-Za-z_$][A-Za-z0-9_$-]*';
const integer = '(?:0|[1-9](?:_?[0-9])*)';
const digits = '[0-9](?:_?[0-9])*';
const point = `(?:${integer}\\.(?:${digits})?|\\.${digits})`;
const exponent = `(?:${point}|${integer})[eE][+-]?${digits}`;
const part = `(?:${special}|${integer})`;

const sticky = (source: string): RegExp => new RegExp(source, 'y');

/** Before the equals sign. The longest match counts; of equal ones the first. */
const keyRules: readonly Rule[] = [
  ['equal', sticky('=[ \\t]*')],
  ['tilde', sticky('~')],
  ['plus', sticky('\\+')],
  ['at', sticky('@')],
  ['colon', sticky(':')],
  ['slash', sticky('/')],
  ['id', sticky(id)],
  ['keySpecial', sticky(special)],
  ['dotPath', sticky(`${part}(?:\\.${part})+`)],
];

/** Behind it. */
const valueRules: readonly Rule[] = [
  ['parenOpen', sticky('[ \\t]*\\([ \\t]*')],
  ['comma', sticky('[ \\t]*,[ \\t]*')],
  ['parenClose', sticky('[ \\t]*\\)')],
  ['bracketOpen', sticky('\\[[ \\t]*')],
  ['bracketClose', sticky('[ \\t]*\\]')],
  ['braceOpen', sticky('\\{[ \\t]*')],
  ['braceClose', sticky('[ \\t]*\\}')],
  ['colon', sticky('[ \\t]*:[ \\t]*')],
  ['equal', sticky('[ \\t]*=[ \\t]*')],
  ['float', sticky(`[+-]?(?:${exponent}|${point}|[Ii][Nn][Ff]|[Nn][Aa][Nn])`)],
  ['integer', sticky(`[+-]?${integer}`)],
  ['boolean', sticky('[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]')],
  ['null', sticky('[Nn][Uu][Ll][Ll]')],
  ['unquoted', sticky('[/\\-\\\\+.$%*@?|]')],
  ['id', sticky(id)],
  ['escape', sticky('(?:\\\\[\\\\()[\\]{}:=, \\t])+')],
  ['space', sticky('[ \\t]+')],
  // Quotes end at the first quote with an even number of backslashes before it.
  ['quoted', sticky('"(?:\\\\[\\s\\S]|[^"\\\\])*"|\'(?:\\\\[\\s\\S]|[^\'\\\\])*\'')],
  ['interpolation', sticky('\\$\\{[^}]+\\}')],
];

/** Cuts an override into tokens, with an `end` behind the last. `mode` is where the text begins: at the key or at the value. */
export function tokenize(text: string, mode: 'key' | 'value' = 'key'): readonly Token[] | OverrideProblem {
  const tokens: Token[] = [];
  let rules = mode === 'key' ? keyRules : valueRules;
  let at = 0;
  while (at < text.length) {
    const token = longestMatch(rules, text, at);
    if (token === undefined) return describeStray(text, at, rules === keyRules);
    tokens.push(token);
    at += token.text.length;
    if (token.kind === 'equal') rules = valueRules;
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

function longestMatch(rules: readonly Rule[], text: string, at: number): Token | undefined {
  let best: Token | undefined;
  for (const [kind, pattern] of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text)?.[0];
    if (match !== undefined && match.length > (best?.text.length ?? 0)) best = { kind, text: match, at };
  }
  return best;
}

function describeStray(text: string, at: number, isKey: boolean): OverrideProblem {
  const character = String.fromCodePoint(text.codePointAt(at)!);
  const shown = character === '\n' ? 'A line break' : character === '\r' ? 'A carriage return' : `"${character}"`;
  if (isKey)
    return {
      at,
      message: `${shown} cannot be part of a key. Write key=value, with letters, digits, _ and dots in the key.`,
    };
  if (character === '"' || character === "'")
    return { at, message: `The quote ${character} is not closed. Write key=${character}text${character}.` };
  if (character === '\\') return { at, message: 'A backslash at the end of quoted text must be doubled.' };
  return {
    at,
    message: `${shown} cannot stand in a value without quotes. Write key='…' with quotes around the whole value.`,
  };
}
