import type { LogTable } from '../../domain/logEntry.ts';
import type { LogLine } from './sections.ts';

/** The tables between the lines of an entry, in their order. Source: GitHub Flavored Markdown 0.29 §4.10: a header row, a delimiter row with as many cells, data rows. */
export function tablesIn(lines: readonly LogLine[]): readonly LogTable[] {
  const tables: LogTable[] = [];
  for (let at = 0; at + 1 < lines.length; at++) {
    const columns = cellsOf(lines[at]!);
    if (columns === undefined || !isDelimiter(lines[at + 1]!, columns.length)) continue;
    const rows: string[][] = [];
    let end = at + 2;
    for (; end < lines.length; end++) {
      const cells = cellsOf(lines[end]!);
      if (cells === undefined) break;
      // Cells beyond the header are ignored, missing ones are empty.
      rows.push(columns.map((_, index) => cells[index] ?? ''));
    }
    tables.push({ columns, rows });
    at = end - 1;
  }
  return tables;
}

function isDelimiter({ text, fence }: LogLine, columns: number): boolean {
  return fence === 'outside' && /^[\s|:-]+$/.test(text) && text.includes('-') && split(text).length === columns;
}

function cellsOf(line: LogLine): readonly string[] | undefined {
  if (line.fence !== 'outside' || !line.text.includes('|')) return undefined;
  return split(line.text).map(plain);
}

/** A pipe behind a backslash belongs to the cell, also within code. */
function split(text: string): readonly string[] {
  const trimmed = text
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return trimmed.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function plain(cell: string): string {
  return /^(\*{1,3}|_{1,3}|`+)(.+)\1$/.exec(cell)?.[2]?.trim() ?? cell;
}
