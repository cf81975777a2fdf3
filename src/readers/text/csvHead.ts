import type { JsonObject } from '../../domain/json.ts';
import { readTextRecord, textOf } from './csvCells.ts';
import { stepRank } from './names.ts';

/** What stands before the rows of a table. */
export interface CsvHead {
  readonly names: readonly string[];
  readonly delimiter: number;
  /** Behind the header's line feed. */
  readonly length: number;
  /** An object in a comment before the header, as `monitor.csv` of Stable-Baselines and OpenAI baselines has it. */
  readonly comment?: JsonObject;
}

export type CsvHeadResult = CsvHead | 'unfinished' | { readonly refused: string };

const hash = 35;
const lineFeed = 10;
const carriageReturn = 13;
const delimiters = [44, 9, 59];
const mostColumns = 20_000;

/** Reads comments and header from the first bytes of a file; `unfinished` where the header's line does not end in them. */
export function readCsvHead(bytes: Uint8Array, end: number): CsvHeadResult {
  if (end >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)))
    return { refused: 'The file is UTF-16. Save it as UTF-8 to have it read.' };
  let at = end >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let comment: JsonObject | undefined;
  for (;;) {
    const lineEnd = bytes.indexOf(lineFeed, at);
    if (lineEnd < 0 || lineEnd >= end) return 'unfinished';
    if (bytes[at] === hash) comment ??= objectIn(textOf(bytes, at + 1, lineEnd));
    else if (!isBlank(bytes, at, lineEnd)) break;
    at = lineEnd + 1;
  }
  const delimiter = delimiterOf(bytes, at, end);
  const header = readTextRecord(bytes, at, end, delimiter);
  if (header === undefined) return 'unfinished';
  if (header.cells.length > mostColumns) return { refused: `The header has ${header.cells.length} columns.` };
  return {
    names: distinct(header.cells),
    delimiter,
    length: header.next,
    ...(comment === undefined ? {} : { comment }),
  };
}

/** The column that gives the steps: the best name, the first of equals; a first column without a name counts rows, as pandas writes it. -1 where none does. */
export function stepColumnOf(names: readonly string[]): number {
  let best = -1;
  let bestRank = Number.POSITIVE_INFINITY;
  names.forEach((name, index) => {
    const rank = stepRank(name);
    if (rank === undefined || rank >= bestRank) return;
    [best, bestRank] = [index, rank];
  });
  return best < 0 && isRowIndex(names[0]) ? 0 : best;
}

/** The name of an index column that pandas wrote. */
export function isRowIndex(name: string | undefined): boolean {
  return name === '' || name === 'Unnamed: 0';
}

function delimiterOf(bytes: Uint8Array, at: number, end: number): number {
  const lineEnd = Math.min(end, bytes.indexOf(lineFeed, at));
  const counts = delimiters.map((delimiter) => {
    let count = 0;
    for (let next = at; next < lineEnd; next++) if (bytes[next] === delimiter) count++;
    return count;
  });
  return delimiters[counts.indexOf(Math.max(...counts))]!;
}

/** Columns of one name are told apart by a number, as pandas does it. */
function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return times === 0 ? name : `${name}.${times}`;
  });
}

function isBlank(bytes: Uint8Array, at: number, end: number): boolean {
  for (let next = at; next < end; next++) {
    const byte = bytes[next]!;
    if (byte > 32 && byte !== carriageReturn) return false;
  }
  return true;
}

function objectIn(text: string): JsonObject | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}
