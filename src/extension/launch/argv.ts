/** Arguments as typed on one line, or what is wrong with the line. */
export type SplitArguments = { readonly args: readonly string[] } | { readonly message: string };

/**
 * Splits a line into arguments by the quoting rules of a POSIX shell (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02):
 * blanks separate, '…' holds everything, "…" holds all but backslash before `$`, back tick, quote and backslash, a backslash takes the next character.
 * Nothing is expanded: `$HOME`, `*` and `$(…)` stay the characters that they are.
 */
export function splitArguments(line: string): SplitArguments {
  const args: string[] = [];
  let current: string | undefined;
  let at = 0;
  while (at < line.length) {
    const character = line[at]!;
    if (/\s/.test(character)) {
      if (current !== undefined) args.push(current);
      current = undefined;
      at += 1;
      continue;
    }
    const part = readPart(line, at);
    if ('message' in part) return part;
    current = (current ?? '') + part.text;
    at = part.next;
  }
  if (current !== undefined) args.push(current);
  return { args };
}

/** The arguments on one line, which `splitArguments` and a POSIX shell take apart into the same again. */
export function joinArguments(args: readonly string[]): string {
  return args.map(quoteArgument).join(' ');
}

/** One argument as a POSIX shell needs it. For showing and copying only: Trainyard hands argument vectors on as they are. */
export function quoteArgument(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

type Part = { readonly text: string; readonly next: number } | { readonly message: string };

function readPart(line: string, at: number): Part {
  const character = line[at]!;
  if (character === "'") return readSingleQuoted(line, at);
  if (character === '"') return readDoubleQuoted(line, at);
  if (character !== '\\') return { text: character, next: at + 1 };
  if (at + 1 >= line.length) return { message: 'The line ends with a backslash that takes nothing.' };
  return { text: line[at + 1]!, next: at + 2 };
}

function readSingleQuoted(line: string, at: number): Part {
  const end = line.indexOf("'", at + 1);
  if (end < 0) return { message: "A ' is opened and not closed." };
  return { text: line.slice(at + 1, end), next: end + 1 };
}

function readDoubleQuoted(line: string, start: number): Part {
  let text = '';
  for (let at = start + 1; at < line.length; at++) {
    const character = line[at]!;
    if (character === '"') return { text, next: at + 1 };
    const next = line[at + 1];
    if (character === '\\' && next !== undefined && '$`"\\'.includes(next)) {
      text += next;
      at += 1;
    } else text += character;
  }
  return { message: 'A " is opened and not closed.' };
}
