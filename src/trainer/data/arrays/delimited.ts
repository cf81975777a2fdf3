import type { Hash } from 'node:crypto';
import path from 'node:path';
import { badData } from '../files/badData.ts';
import { readThrough } from '../files/byteStream.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import { ColumnBuilder } from './columnBuilder.ts';
import type { Columns } from './columns.ts';

/**
 * Reads a table of comma-separated values (RFC 4180), or separated by tabs or semicolons, whichever stands most often in the first line. The first line names
 * the columns; where it holds numbers only they are named 0, 1, 2…
 */
export async function readDelimited(file: string, files: OpenFiles, hash: Hash): Promise<Columns> {
  const table = new Table(file);
  const decoder = new TextDecoder('utf-8');
  const split = new LineSplitter(file, (line, number) => table.add(line, number));
  await readThrough(files.open(file), hash, (bytes) => split.add(decoder.decode(bytes, { stream: true })));
  split.end(decoder.decode());
  return table.columns();
}

/** Parts text into lines; a line end between quotes belongs to a cell. */
export class LineSplitter {
  readonly #file: string;
  readonly #take: (line: string, number: number) => void;
  #rest = '';
  #line = 1;

  constructor(file: string, take: (line: string, number: number) => void) {
    this.#file = file;
    this.#take = take;
  }

  add(text: string): void {
    const pieces = (this.#rest + text).split('\n');
    this.#rest = pieces.pop()!;
    let open = '';
    let lines = 0;
    for (const piece of pieces) {
      open = lines === 0 ? piece : `${open}\n${piece}`;
      lines++;
      if (hasOpenQuote(open)) continue;
      this.#take(open.replace(/\r$/, ''), this.#line);
      this.#line += lines;
      lines = 0;
    }
    if (lines > 0) this.#rest = `${open}\n${this.#rest}`;
    if (this.#rest.length > longestRow) {
      throw badData(`Line ${this.#line} of ${path.basename(this.#file)} does not end: it may lack a closing quote.`, {
        file: this.#file,
      });
    }
  }

  end(text: string): void {
    this.add(text);
    if (this.#rest === '') return;
    if (hasOpenQuote(this.#rest)) {
      throw badData(`A quote is opened in line ${this.#line} of ${path.basename(this.#file)} and never closed.`, {
        file: this.#file,
      });
    }
    this.#take(this.#rest.replace(/\r$/, ''), this.#line);
  }
}

const longestRow = 64 * 1024 * 1024;

function hasOpenQuote(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

class Table {
  readonly #file: string;
  #names: readonly string[] = [];
  #builders: readonly ColumnBuilder[] = [];
  #separator = ',';

  constructor(file: string) {
    this.#file = file;
  }

  add(line: string, number: number): void {
    if (line === '' && this.#builders.length !== 1) return;
    if (this.#builders.length > 0) this.#addRow(cellsOf(line, this.#separator), number);
    else this.#begin(line.replace(/^\ufeff/, ''), number);
  }

  columns(): Columns {
    return new Map(this.#builders.map((builder, i) => [this.#names[i]!, builder.column()]));
  }

  #begin(line: string, number: number): void {
    const { separator, names, twice, row } = readHeader(line);
    this.#separator = separator;
    this.#names = names;
    if (twice !== undefined) {
      throw badData(`Two columns of ${path.basename(this.#file)} are called "${twice}".`, { file: this.#file });
    }
    this.#builders = this.#names.map((name) => new ColumnBuilder(name, this.#file));
    if (row !== undefined) this.#addRow(row, number);
  }

  #addRow(cells: readonly string[], line: number): void {
    if (cells.length !== this.#names.length) {
      throw badData(
        `Line ${line} of ${path.basename(this.#file)} has ${cells.length} cells; ${this.#names.length} columns are named.`,
        { file: this.#file },
      );
    }
    cells.forEach((cell, i) => {
      if (cell.trim() === '') throw this.#empty(this.#names[i]!, line);
      this.#builders[i]!.add(toNumber(cell) ?? cell, line);
    });
  }

  #empty(name: string, line: number): Error {
    return badData(`"${name}" is empty in line ${line} of ${path.basename(this.#file)}.`, {
      file: this.#file,
      hint: 'Fill empty cells in, or leave out their rows or their column: what stands there is nothing that can be learnt from.',
    });
  }
}

/** What the first line of a table says. */
export interface TableHeader {
  readonly separator: string;
  readonly names: readonly string[];
  /** The first name that stands there more than once; such a table is refused. */
  readonly twice?: string;
  /** Its cells, where it holds numbers only and so names nothing: it is the first row. */
  readonly row?: readonly string[];
}

/** Reads the first line of a table, without its line end. */
export function readHeader(line: string): TableHeader {
  const separator = likelySeparator(line);
  const cells = cellsOf(line, separator);
  const isHeader = cells.some((cell) => toNumber(cell) === undefined);
  if (!isHeader) return { separator, names: cells.map((_, i) => String(i)), row: cells };
  const names = cells.map((cell) => cell.trim());
  const twice = firstTwice(names);
  return { separator, names, ...(twice === undefined ? {} : { twice }) };
}

function firstTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

function likelySeparator(line: string): string {
  const count = (separator: string) => line.split(separator).length;
  return [',', '\t', ';'].reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** The cells of a line, without the quotes around them. */
export function cellsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator);
  const cells: string[] = [];
  let at = 0;
  while (at <= line.length) {
    const { cell, next } = line[at] === '"' ? quotedCell(line, at) : plainCell(line, at, separator);
    cells.push(cell);
    at = next + 1;
  }
  return cells;
}

function plainCell(line: string, from: number, separator: string): { cell: string; next: number } {
  const found = line.indexOf(separator, from);
  const next = found === -1 ? line.length : found;
  return { cell: line.slice(from, next), next };
}

/** Two quotes within a quoted cell stand for one. */
function quotedCell(line: string, from: number): { cell: string; next: number } {
  let end = line.indexOf('"', from + 1);
  while (end !== -1 && line[end + 1] === '"') end = line.indexOf('"', end + 2);
  const close = end === -1 ? line.length : end;
  return { cell: line.slice(from + 1, close).replaceAll('""', '"'), next: close + 1 };
}

/** Numbers as programs write them; not a number, where it says so in no other way, is text. */
function toNumber(cell: string): number | undefined {
  const text = cell.trim();
  if (text === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
