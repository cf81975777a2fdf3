import type { Hash } from 'node:crypto';
import path from 'node:path';
import { badData } from '../files/badData.ts';
import { readThrough } from '../files/byteStream.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import { type Cell, ColumnBuilder } from './columnBuilder.ts';
import type { Columns } from './columns.ts';

/** Reads JSON lines: an object per line, all with the keys of the first one. Values are numbers, truth values, text, or lists of numbers, also nested. */
export async function readJsonLines(file: string, files: OpenFiles, hash: Hash): Promise<Columns> {
  const decoder = new TextDecoder('utf-8');
  const builders = new Map<string, ColumnBuilder>();
  let rest = '';
  let line = 0;
  const addLines = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const each of lines) addRow(builders, each, ++line, file);
  };
  await readThrough(files.open(file), hash, (bytes) => addLines(decoder.decode(bytes, { stream: true })));
  addLines(`${decoder.decode()}\n`);
  return new Map([...builders].map(([name, builder]) => [name, builder.column()]));
}

function addRow(builders: Map<string, ColumnBuilder>, text: string, line: number, file: string): void {
  if (text.trim() === '') return;
  const row = parseRow(text, line, file);
  if (builders.size === 0) for (const name of Object.keys(row)) builders.set(name, new ColumnBuilder(name, file));
  for (const [name, builder] of builders) {
    const cell = Object.hasOwn(row, name) ? toCell(row[name]) : undefined;
    if (cell === undefined) throw wrong(`has no number, text or list of numbers as "${name}"`, line, file);
    builder.add(cell, line);
  }
}

function parseRow(text: string, line: number, file: string): Readonly<Record<string, unknown>> {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    throw wrong('is no JSON', line, file);
  }
  if (row === null || typeof row !== 'object' || Array.isArray(row)) throw wrong('is no object', line, file);
  return row as Readonly<Record<string, unknown>>;
}

function toCell(value: unknown): Cell | undefined {
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'boolean') return Number(value);
  if (!Array.isArray(value)) return undefined;
  const flat = value.flat(Number.POSITIVE_INFINITY) as unknown[];
  return flat.every((each) => typeof each === 'number') ? (flat as number[]) : undefined;
}

function wrong(what: string, line: number, file: string): Error {
  return badData(`Line ${line} of ${path.basename(file)} ${what}.`, {
    file,
    hint: 'Every line must be a JSON object with the same keys as the first one.',
  });
}
