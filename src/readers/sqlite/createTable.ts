import type { SqliteValue } from './record.ts';

/** One column as its table's SQL declares it. */
export interface ColumnInfo {
  readonly name: string;
  /** The column is another name of the row's id and stored as NULL. */
  readonly isRowid: boolean;
  /** What rows have that were written before the column was added. */
  readonly fallback: SqliteValue;
}

export interface TableShape {
  /** In the order in which values are stored. Computed columns that are not stored are left out. */
  readonly columns: readonly ColumnInfo[];
  readonly isWithoutRowid: boolean;
}

/** Words that begin a constraint of the table instead of a column. */
const constraintWords = /^(constraint|primary|unique|check|foreign)$/i;

/** Reads the columns out of a CREATE TABLE statement; undefined where it is none that can be read. */
export function readCreateTable(sql: string): TableShape | undefined {
  const tokens = tokenize(sql);
  const open = tokens.findIndex(({ text }) => text === '(');
  if (open < 0) return undefined;
  const { parts, end } = splitParts(tokens, open);
  const isConstraint = (part: readonly Token[]): boolean => !part[0]!.quoted && constraintWords.test(part[0]!.text);
  const tableKey = parts
    .filter(isConstraint)
    .map(keyColumn)
    .find((name) => name !== undefined);
  const columns = parts
    .filter((part) => part.length > 0 && !isConstraint(part) && !isComputedUnstored(part))
    .map((part) => readColumn(part, tableKey));
  const options = tokens.slice(end + 1).map(({ text }) => text.toLowerCase());
  return columns.length === 0 ? undefined : { columns, isWithoutRowid: options.includes('without') };
}

interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

/** Comments, quoted names and texts, numbers and words, single signs. */
const tokenPattern =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|'((?:[^']|'')*)'|[\w$.\u0080-\uffff]+|\S/g;

function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(tokenPattern)) {
    const [text, double, back, bracket, single] = match;
    if (text.startsWith('--') || text.startsWith('/*')) continue;
    const quoted =
      double?.replaceAll('""', '"') ?? back?.replaceAll('``', '`') ?? bracket ?? single?.replaceAll("''", "'");
    tokens.push(quoted === undefined ? { text, quoted: false } : { text: quoted, quoted: true });
  }
  return tokens;
}

/** The parts between the outermost parentheses, and the index of the closing one. */
function splitParts(tokens: readonly Token[], open: number): { readonly parts: Token[][]; readonly end: number } {
  const parts: Token[][] = [[]];
  let depth = 1;
  let at = open + 1;
  for (; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (!token.quoted && token.text === '(') depth++;
    if (!token.quoted && token.text === ')' && --depth === 0) break;
    if (!token.quoted && token.text === ',' && depth === 1) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return { parts: parts.filter((part) => part.length > 0), end: at };
}

function readColumn(part: readonly Token[], tableKey: string | undefined): ColumnInfo {
  const name = part[0]!.text;
  const words = part.slice(1).map(({ text }) => text.toLowerCase());
  const isInteger = words[0] === 'integer';
  const key = words.indexOf('primary');
  const isOwnKey = key >= 0 && words[key + 1] === 'key' && words[key + 2] !== 'desc';
  const isRowid = isInteger && (isOwnKey || tableKey?.toLowerCase() === name.toLowerCase());
  return { name, isRowid, fallback: readDefault(part) };
}

/** The only column of a table's PRIMARY KEY constraint. */
function keyColumn(part: readonly Token[]): string | undefined {
  const at = part.findIndex(({ text, quoted }) => !quoted && text.toLowerCase() === 'primary');
  const [, word, open, name, close] = part.slice(at);
  const isOne = word?.text.toLowerCase() === 'key' && open?.text === '(' && close?.text === ')';
  return at >= 0 && isOne ? name?.text : undefined;
}

function isComputedUnstored(part: readonly Token[]): boolean {
  const words = part.slice(1).map(({ text, quoted }) => (quoted ? '' : text.toLowerCase()));
  return words.some((word, index) => word === 'as' && words[index + 1] === '(') && !words.includes('stored');
}

/** Constants only, which is all that ALTER TABLE ADD COLUMN allows beside NULL. */
function readDefault(part: readonly Token[]): SqliteValue {
  const at = part.findIndex(({ text, quoted }, index) => index > 0 && !quoted && text.toLowerCase() === 'default');
  const value = at < 0 ? undefined : part[at + 1];
  if (value === undefined) return null;
  if (value.quoted) return value.text;
  const isNegative = value.text === '-';
  const word = isNegative ? (part[at + 2]?.text ?? '') : value.text;
  if (/^(true|false)$/i.test(word)) return /^true$/i.test(word) ? 1 : 0;
  if (!/^[\d.]+(e\d+)?$/i.test(word)) return null;
  return isNegative ? -Number(word) : Number(word);
}
