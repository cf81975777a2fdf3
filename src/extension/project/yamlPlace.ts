/** Where a position in a YAML text stands: the path to it, and what is being typed there. */
export interface YamlPlace {
  /** Keys and list indices (as -1, since any item has the same schema) of the mappings around the position. */
  readonly path: readonly (string | number)[];
  /** `key`: a key is being typed. `value`: the value behind `key`. `item`: an item of a list that is no mapping (yet). */
  readonly kind: 'key' | 'value' | 'item';
  /** The key of the value. */
  readonly key?: string;
  /** Keys that the mapping at the position has already, with the text behind each. */
  readonly siblings: ReadonlyMap<string, string>;
}

interface Line {
  readonly indent: number;
  readonly isItem: boolean;
  /** Column of what stands behind "- ", or `indent`. */
  readonly inner: number;
  readonly key?: string;
  readonly value: string;
  readonly isBlank: boolean;
}

/** The place of a line and column, both from 0. By indentation alone, so that it works on a text that is just being typed and does not parse. */
export function yamlPlace(text: string, lineNumber: number, column: number): YamlPlace {
  const lines = text.split(/\r?\n/).map(readLine);
  const raw = (text.split(/\r?\n/)[lineNumber] ?? '').slice(0, column);
  const here = readLine(raw);
  const own = here.isBlank && !here.isItem ? raw.length : here.inner;
  const around = pathAbove(lines, lineNumber, here, own);
  const siblings = siblingsOf(lines, lineNumber, own);
  const key = /^\s*(?:- +)*(["']?)([\w.@/-]+)\1:(?:\s|$)/.exec(raw)?.[2];
  if (key !== undefined) return { path: around, kind: 'value', key, siblings };
  return { path: around, kind: here.isItem && own === here.inner && here.value === '' ? 'item' : 'key', siblings };
}

function readLine(raw: string): Line {
  const indent = raw.length - raw.trimStart().length;
  const isItem = /^\s*-(\s|$)/.test(raw);
  const dash = /^\s*(-\s+|-$)*/.exec(raw)?.[0].length ?? indent;
  const inner = isItem ? dash : indent;
  const pair = /^(["']?)([^\s"'#:][^:"']*?)\1\s*:(?:\s+(.*))?$/.exec(raw.slice(inner));
  const isBlank = raw.trim() === '' || raw.trim().startsWith('#');
  return {
    indent,
    isItem,
    inner,
    isBlank,
    ...(pair?.[2] === undefined ? {} : { key: pair[2] }),
    value: pair === null ? raw.slice(inner) : (pair[3] ?? ''),
  };
}

/** Keys above the position, each less indented than the one below it. */
function pathAbove(lines: readonly Line[], lineNumber: number, here: Line, own: number): readonly (string | number)[] {
  const path: (string | number)[] = [];
  // A key behind "- " stands in an item of the list; the list's own key may have the same indentation as the dash.
  let limit = own;
  let dash = here.isItem ? here.indent : undefined;
  if (dash !== undefined) path.unshift(-1);
  for (let at = lineNumber - 1; at >= 0; at--) {
    const line = lines[at]!;
    if (line.isBlank) continue;
    if (dash === undefined && line.isItem && line.indent < limit && line.inner >= limit && limit > 0) {
      // The first key of this item stands behind its dash.
      path.unshift(-1);
      dash = line.indent;
      continue;
    }
    const ceiling = dash ?? limit;
    const isParent =
      line.key !== undefined && (line.inner < ceiling || (dash !== undefined && !line.isItem && line.indent === dash));
    if (!isParent) continue;
    path.unshift(line.key!);
    limit = line.inner;
    dash = line.isItem ? line.indent : undefined;
    if (dash !== undefined) path.unshift(-1);
    if (limit === 0) break;
  }
  return path;
}

/** Keys of the same mapping, above and below the position. */
function siblingsOf(lines: readonly Line[], lineNumber: number, own: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const take = (line: Line): boolean => {
    if (line.isBlank) return true;
    if (line.inner < own) return false;
    if (line.inner === own && line.key !== undefined) found.set(line.key, line.value.trim());
    return true;
  };
  const startsItem = (line: Line): boolean => !line.isBlank && line.isItem && line.inner <= own;
  if (!startsItem(lines[lineNumber] ?? readLine(''))) {
    for (let at = lineNumber - 1; at >= 0; at--) {
      if (!take(lines[at]!)) break;
      if (startsItem(lines[at]!)) break;
    }
  }
  for (let at = lineNumber + 1; at < lines.length; at++) {
    if (startsItem(lines[at]!) || !take(lines[at]!)) break;
  }
  return found;
}
