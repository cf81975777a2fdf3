/**
 * The text of a Python file with comments and the insides of strings as blanks: as long as before, so that a place in one is the same place in the other.
 * What looks like code in the result is code. Broken files give what can be told.
 */
export function blankPython(text: string): string {
  const out: string[] = [];
  let at = 0;
  while (at < text.length) {
    const end = endOfQuiet(text, at);
    if (end === undefined) {
      out.push(text[at]!);
      at++;
      continue;
    }
    const isComment = text[at] === '#';
    const quote = isComment ? 0 : quoteLength(text, at);
    const inner = text.slice(at + quote, Math.max(at + quote, end - quote)).replace(/[^\n]/g, ' ');
    out.push(text.slice(at, at + quote), inner, quote === 0 ? '' : text.slice(Math.max(at + quote, end - quote), end));
    at = end;
  }
  return out.join('');
}

/** Where a comment or string that begins here ends; undefined where none begins. */
function endOfQuiet(text: string, at: number): number | undefined {
  const character = text[at];
  if (character === '#') {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  }
  if (character !== '"' && character !== "'") return undefined;
  const length = quoteLength(text, at);
  const closing = character.repeat(length);
  for (let index = at + length; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text.startsWith(closing, index)) return index + length;
    else if (length === 1 && text[index] === '\n') return index;
  }
  return text.length;
}

function quoteLength(text: string, at: number): number {
  return text.startsWith(text[at]!.repeat(3), at) ? 3 : 1;
}

/** Arguments of a call whose opening bracket is at `open`: each as it stands in the text. Undefined where the bracket is never closed. */
export function callArguments(text: string, blank: string, open: number): readonly string[] | undefined {
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < blank.length; at++) {
    const character = blank[at]!;
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    const isEnd = depth === 0;
    if (!isEnd && !(character === ',' && depth === 1)) continue;
    const part = stripComments(text, blank, start, at).trim();
    if (part !== '') parts.push(part);
    start = at + 1;
    if (isEnd) return parts;
  }
  return undefined;
}

/** Keyword arguments of a call by their names, and the positional ones. */
export function namedArguments(parts: readonly string[]): {
  readonly positional: readonly string[];
  readonly named: ReadonlyMap<string, string>;
} {
  const positional: string[] = [];
  const named = new Map<string, string>();
  for (const part of parts) {
    const match = /^([A-Za-z_]\w*)\s*=(?!=)\s*([\s\S]*)$/.exec(part);
    if (match === null) positional.push(part);
    else named.set(match[1]!, match[2]!.trim());
  }
  return { positional, named };
}

/** The text of a string literal, or undefined for any other expression. */
export function stringLiteral(expression: string | undefined): string | undefined {
  const match = /^[rRuU]?("""|'''|"|')([\s\S]*)\1$/.exec(expression?.trim() ?? '');
  if (match === null || match[2]!.includes(match[1]!)) return undefined;
  return match[2]!.replace(/\\(["'\\])/g, '$1');
}

/** The text of a literal, or of a variable that the file sets to one at its top level. */
export function constantText(expression: string | undefined, text: string): string | undefined {
  const literal = stringLiteral(expression);
  if (literal !== undefined || expression === undefined || !/^[A-Za-z_]\w*$/.test(expression)) return literal;
  const assignment = new RegExp(`^${expression}(?:\\s*:[^=\\n]+)?\\s*=\\s*(.+)$`, 'm').exec(text);
  return stringLiteral(assignment?.[1]?.replace(/\s+#.*$/, ''));
}

/** Line of a place, from 1. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index >= 0 && index < at; index = text.indexOf('\n', index + 1)) line++;
  return line;
}

function stripComments(text: string, blank: string, from: number, to: number): string {
  let out = '';
  for (let at = from; at < to; at++) {
    // In the blanked text a comment is blank up to its line break, and has no quotes around it.
    if (text[at] === '#' && blank[at] === ' ') {
      const end = text.indexOf('\n', at);
      const isComment = end < 0 || blank.slice(at, Math.min(end, to)).trim() === '';
      if (isComment) {
        at = (end < 0 ? to : end) - 1;
        continue;
      }
    }
    out += text[at];
  }
  return out;
}
