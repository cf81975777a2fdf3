import { badData } from '../files/badData.ts';

/** One row of a table of variants. */
export interface Variant {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly contig: string;
  /** Of the base, from 0. */
  readonly position: number;
  /** Single upper-case bases. */
  readonly reference: string;
  readonly alternative: string;
  /** 1: expected to be unlikely, for instance pathogenic. */
  readonly label: 0 | 1;
}

type Column = 'contig' | 'position' | 'reference' | 'alternative' | 'label';

/** Names of columns as people and VCF (version 4.5, §1.5) write them, in lower case. */
const columnNames: { readonly [C in Column]: readonly string[] } = {
  contig: ['contig', 'chrom', '#chrom', 'chr', 'chromosome'],
  position: ['pos', 'position'],
  reference: ['ref', 'reference'],
  alternative: ['alt', 'alternative'],
  label: ['label', 'y', 'class'],
};

/**
 * The variants of a table with tabs: a header with contig, pos (from 1, as in VCF), ref, alt and label (0 or 1), then a row each. Lines that begin with
 * `##`, as VCF has them, and empty ones are passed over. Throws AppError 'bad-data' with the line.
 */
export function parseVariants(text: string, file: string): readonly Variant[] {
  const rows = text
    .split(/\r?\n/)
    .map((content, i) => ({ content, line: i + 1 }))
    .filter(({ content }) => content.trim() !== '' && !content.startsWith('##'));
  const [header, ...body] = rows;
  if (header === undefined) throw badData('The table of variants is empty.', { file, hint: columnsHint });
  const places = columnPlaces(header.content, file);
  return body.map(({ content, line }) => parseRow(content.split('\t'), line, places, file));
}

const columnsHint = 'Give it a header with the columns contig, pos, ref, alt and label, with tabs between them.';

function columnPlaces(header: string, file: string): Record<Column, number> {
  const names = header.split('\t').map((name) => name.trim().toLowerCase());
  const find = (column: Column): [Column, number] => {
    const place = names.findIndex((name) => columnNames[column].includes(name));
    if (place < 0) throw badData(`The table of variants has no column "${column}".`, { file, hint: columnsHint });
    return [column, place];
  };
  return Object.fromEntries((Object.keys(columnNames) as Column[]).map(find)) as Record<Column, number>;
}

function parseRow(cells: readonly string[], line: number, places: Record<Column, number>, file: string): Variant {
  const cell = (column: Column) => (cells[places[column]] ?? '').trim();
  const wrong = (what: string, hint: string) => badData(`Line ${line} of the variants ${what}.`, { file, hint });
  const position = Number(cell('position'));
  if (!Number.isSafeInteger(position) || position < 1) {
    throw wrong(`has the position "${cell('position')}"`, 'Positions are whole numbers from 1.');
  }
  const base = (column: 'reference' | 'alternative') => {
    const letter = cell(column).toUpperCase();
    if (/^[ACGT]$/.test(letter)) return letter;
    throw wrong(
      `has "${cell(column)}" as ${column}`,
      'Only variants of a single base can be scored: leave the others out.',
    );
  };
  const label = cell('label');
  if (label !== '0' && label !== '1') {
    throw wrong(
      `has the label "${label}"`,
      'Labels are 1 for variants that are expected to be unlikely, 0 for the others.',
    );
  }
  return {
    line,
    contig: cell('contig'),
    position: position - 1,
    reference: base('reference'),
    alternative: base('alternative'),
    label: label === '1' ? 1 : 0,
  };
}
