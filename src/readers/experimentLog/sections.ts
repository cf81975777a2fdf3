/** A line of a Markdown file with its place, and whether it stands inside a fenced block. */
export interface LogLine {
  readonly text: string;
  /** Offset of its first character, and of the first one behind its line break. */
  readonly start: number;
  readonly end: number;
  /** `open` and `close` are the fence lines themselves. */
  readonly fence: 'outside' | 'open' | 'inside' | 'close';
}

/** Splits Markdown into lines. Fences are ``` or ~~~ of three and more, closed by the same character at least as long (CommonMark 0.31 §4.5). */
export function splitLines(markdown: string): readonly LogLine[] {
  const lines: LogLine[] = [];
  let fence: string | undefined;
  for (let start = 0; start < markdown.length; ) {
    const lineBreak = markdown.indexOf('\n', start);
    const end = lineBreak < 0 ? markdown.length : lineBreak + 1;
    const text = markdown.slice(start, end).replace(/\r?\n$/, '');
    const marker = /^\s*(`{3,}|~{3,})/.exec(text)?.[1];
    const closes = fence !== undefined && marker?.startsWith(fence) === true && text.trim() === marker;
    const opens = fence === undefined && marker !== undefined;
    lines.push({
      text,
      start,
      end,
      fence: opens ? 'open' : closes ? 'close' : fence === undefined ? 'outside' : 'inside',
    });
    if (opens) fence = marker;
    if (closes) fence = undefined;
    start = end;
  }
  return lines;
}

/** A heading of a line outside any fence. */
export function headingOf(line: LogLine): { readonly level: number; readonly title: string } | undefined {
  if (line.fence !== 'outside') return undefined;
  const found = /^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/.exec(line.text);
  return found === null ? undefined : { level: found[1]!.length, title: found[2]! };
}
