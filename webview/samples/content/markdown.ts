import { html, nothing, type TemplateResult } from 'lit';

type Part = TemplateResult | string;

/**
 * Markdown as trackers' users write it (https://spec.commonmark.org/0.31.2/, tables as in https://github.github.com/gfm/#tables-extension-): headings,
 * paragraphs, lists, quotes, code, tables, emphasis, links. The result is made of templates, so nothing in the text can become a tag, a script or a
 * picture from elsewhere: HTML stands there as text.
 */
export function markdown(text: string): TemplateResult {
  return html`${blocks(text.replaceAll('\r\n', '\n').split('\n'))}`;
}

/** Reads a block that begins at a line; gives it and the line behind it. Undefined: another kind of block begins here. */
type Block = (lines: readonly string[], at: number) => { readonly part: Part; readonly next: number } | undefined;

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const rule = /^ {0,3}([-*_])\s*(?:\1\s*){2,}$/;
const quote = /^ {0,3}> ?/;
const item = /^( {0,6})([-*+]|\d{1,9}[.)])\s+(.*)$/;
const delimiterRow = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
/** Quotes in quotes and lists in lists go so deep; what is deeper is text. */
const deepest = 8;

function blocks(lines: readonly string[], depth = 0): Part[] {
  const parts: Part[] = [];
  const kinds: readonly Block[] = depth > deepest ? [code] : [code, title, line, quoted(depth), table, list(depth)];
  for (let at = 0; at < lines.length; ) {
    if (lines[at]!.trim() === '') {
      at++;
      continue;
    }
    const found = kinds.map((kind) => kind(lines, at)).find((block) => block !== undefined) ?? paragraph(lines, at);
    parts.push(found.part);
    at = found.next;
  }
  return parts;
}

const code: Block = (lines, at) => {
  const open = fence.exec(lines[at]!);
  if (open === null) return undefined;
  const [, marks = ''] = open;
  let end = at + 1;
  while (end < lines.length && !isClosing(lines[end]!, marks)) end++;
  const text = lines.slice(at + 1, end).join('\n');
  return { part: html`<pre><code>${text}</code></pre>`, next: end + 1 };
};

function isClosing(text: string, marks: string): boolean {
  const trimmed = text.trim();
  return trimmed.length >= marks.length && [...trimmed].every((character) => character === marks[0]);
}

const title: Block = (lines, at) => {
  const found = heading.exec(lines[at]!);
  if (found === null) return undefined;
  const [, marks = '', text = ''] = found;
  // The panel's own headings end with the second level.
  const level = Math.min(6, marks.length + 2);
  return { part: html`<p class="md-heading" role="heading" aria-level=${level}>${inline(text)}</p>`, next: at + 1 };
};

const line: Block = (lines, at) => (rule.test(lines[at]!) ? { part: html`<hr />`, next: at + 1 } : undefined);

const quoted =
  (depth: number): Block =>
  (lines, at) => {
    let end = at;
    while (end < lines.length && quote.test(lines[end]!)) end++;
    if (end === at) return undefined;
    const inner = lines.slice(at, end).map((text) => text.replace(quote, ''));
    return { part: html`<blockquote>${blocks(inner, depth + 1)}</blockquote>`, next: end };
  };

const list =
  (depth: number): Block =>
  (lines, at) => {
    const first = item.exec(lines[at]!);
    if (first === null) return undefined;
    const ordered = /\d/.test(first[2]!);
    const items: string[][] = [];
    let end = at;
    for (; end < lines.length; end++) {
      const next = item.exec(lines[end]!);
      const isDeeper = next !== null && next[1]!.length > first[1]!.length + 1;
      if (next !== null && !isDeeper) {
        if (/\d/.test(next[2]!) !== ordered) break;
        items.push([next[3]!]);
      } else if (isDeeper || /^\s{2,}\S/.test(lines[end]!)) items.at(-1)!.push(lines[end]!.slice(first[1]!.length + 2));
      else break;
    }
    const rows = items.map(
      (inner) => html`<li>${inner.length === 1 ? inline(inner[0]!) : blocks(inner, depth + 1)}</li>`,
    );
    const part = ordered ? html`<ol start=${Number.parseInt(first[2]!, 10)}>${rows}</ol>` : html`<ul>${rows}</ul>`;
    return { part, next: end };
  };

const table: Block = (lines, at) => {
  const [head, delimiter] = [lines[at]!, lines[at + 1] ?? ''];
  if (!head.includes('|') || !delimiter.includes('-') || !delimiterRow.test(delimiter)) return undefined;
  const columns = cells(head);
  if (cells(delimiter).length !== columns.length) return undefined;
  let end = at + 2;
  while (end < lines.length && lines[end]!.includes('|')) end++;
  const rows = lines.slice(at + 2, end).map(cells);
  const part = html`<table class="md-table">
    <thead><tr>${columns.map((text) => html`<th scope="col">${inline(text)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${columns.map((_, column) => html`<td>${inline(row[column] ?? '')}</td>`)}</tr>`)}</tbody>
  </table>`;
  return { part, next: end };
};

function cells(row: string): string[] {
  const inner = row
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function paragraph(lines: readonly string[], at: number): { part: Part; next: number } {
  let end = at + 1;
  const begins = (text: string) => fence.test(text) || heading.test(text) || quote.test(text) || item.test(text);
  while (end < lines.length && lines[end]!.trim() !== '' && !begins(lines[end]!)) end++;
  const text = lines.slice(at, end);
  // A line that ends with two blanks ends there.
  return {
    part: html`<p>${text.map((each, i) => html`${inline(each.trim())}${i + 1 === text.length ? nothing : each.endsWith('  ') ? html`<br />` : ' '}`)}</p>`,
    next: end,
  };
}

/** What may stand in a line, in the order in which it is looked for. */
const inlineParts: readonly { readonly pattern: RegExp; readonly make: (found: RegExpExecArray) => Part }[] = [
  { pattern: /\\([!-/:-@[-`{-~])/, make: ([, character = '']) => character },
  { pattern: /(`+)(.+?)\1(?!`)/, make: ([, , text = '']) => html`<code>${text.trim()}</code>` },
  { pattern: /!?\[([^\]]*)\]\(([^\s)]+)[^)]*\)/, make: ([, text = '', target = '']) => link(text, target) },
  { pattern: /\*\*(\S(?:.*?\S)?)\*\*/, make: ([, text = '']) => html`<strong>${inline(text)}</strong>` },
  { pattern: /\*(\S(?:.*?\S)?)\*/, make: ([, text = '']) => html`<em>${inline(text)}</em>` },
  { pattern: /(?<!\w)__(\S(?:.*?\S)?)__(?!\w)/, make: ([, text = '']) => html`<strong>${inline(text)}</strong>` },
  { pattern: /(?<!\w)_(\S(?:.*?\S)?)_(?!\w)/, make: ([, text = '']) => html`<em>${inline(text)}</em>` },
  { pattern: /~~(\S(?:.*?\S)?)~~/, make: ([, text = '']) => html`<del>${inline(text)}</del>` },
];

/** Longer lines are no prose: they are shown as they are. */
const longestLine = 20_000;

function inline(text: string): Part[] {
  if (text.length > longestLine) return [text];
  const parts: Part[] = [];
  let rest = text;
  while (rest !== '') {
    const found = inlineParts
      .map(({ pattern, make }) => ({ found: pattern.exec(rest), make }))
      .filter((one): one is { found: RegExpExecArray; make: (found: RegExpExecArray) => Part } => one.found !== null)
      .reduce<{ found: RegExpExecArray; make: (found: RegExpExecArray) => Part } | undefined>(
        (best, one) => (best === undefined || one.found.index < best.found.index ? one : best),
        undefined,
      );
    if (found === undefined) return [...parts, rest];
    if (found.found.index > 0) parts.push(rest.slice(0, found.found.index));
    parts.push(found.make(found.found));
    rest = rest.slice(found.found.index + found.found[0].length);
  }
  return parts;
}

/** VS Code opens links of the web outside, after asking; others lead nowhere and are shown as text. */
function link(text: string, target: string): Part {
  if (!/^https?:\/\//i.test(target)) return html`<span title=${target}>${text}</span>`;
  return html`<a href=${target} title=${target} rel="noreferrer">${text === '' ? target : text}</a>`;
}
