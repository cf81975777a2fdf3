import type { TableContent } from '../../domain/mediaContent.ts';
import { cell, mostRows } from './tables.ts';

/** A table of delimited text (RFC 4180: quotes around fields that hold a delimiter, a quote or a line end). The first line names the columns. */
export function delimitedTable(text: string, delimiter: string): TableContent {
  const rows: string[][] = [];
  let totalRows = 0;
  for (const row of readRows(text, delimiter)) {
    if (totalRows <= mostRows) rows.push(row);
    totalRows++;
  }
  const [columns = [], ...shown] = rows;
  return { columns, rows: shown.map((row) => row.map(cell)), totalRows: Math.max(0, totalRows - 1) };
}

/** The fields of a line end at a delimiter or a line end; a quoted field goes on over both. */
function* readRows(text: string, delimiter: string): Generator<string[]> {
  const field = new RegExp(`(?:"((?:[^"]|"")*)"?|([^${delimiter}\\r\\n]*))(${delimiter}|\\r\\n|\\n|\\r|$)`, 'y');
  let row: string[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    field.lastIndex = at;
    const found = field.exec(text);
    // Characters behind a closing quote belong to no field of the standard; they are passed over one by one.
    if (found === null) {
      at++;
      continue;
    }
    const [whole, quoted, plain, end] = found;
    row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    at += Math.max(whole.length, 1);
    if (end === delimiter) {
      if (at >= text.length) row.push('');
      else continue;
    }
    if (row.length > 1 || row[0] !== '') yield row;
    row = [];
  }
  if (row.length > 0) yield row;
}
