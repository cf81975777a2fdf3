import path from 'node:path';
import { fail, ok, type Result } from '../../../base/result.ts';
import { readZipDirectory } from '../../../base/zip.ts';
import type { PathContent } from '../../../domain/config.ts';
import type { DataColumn } from '../../../domain/dataColumns.ts';
import { withFile } from '../../../readers/checkpoints/bytesFile.ts';
import { readSafetensorsHeader } from '../../../readers/index.ts';
import { arrayEndings } from '../../../trainer/data/arrays/arrayFile.ts';
import { cellsOf, LineSplitter, readHeader } from '../../../trainer/data/arrays/delimited.ts';
import { npyName } from '../../../trainer/data/arrays/npy.ts';
import { hasEnding } from '../../../trainer/data/files/findFiles.ts';
import { firstLines, type TakesText } from './firstLines.ts';

type Names = Result<readonly DataColumn[]>;
type ReadsNames = (file: string) => Promise<Names>;

/** By the endings of the trainer's `arrayFormat`. */
const readers: Readonly<Record<string, ReadsNames>> = {
  '.csv': tableNames,
  '.tsv': tableNames,
  '.jsonl': jsonNames,
  '.ndjson': jsonNames,
  '.npz': npzNames,
  '.safetensors': safetensorsNames,
  '.npy': async (file) => ok([{ name: npyName(file), about: '' }]),
};

/** The columns of a file, as the trainer calls them; of what is named otherwise, those of a table. A failure says why they cannot be told. */
export function readNames(file: string, holds: PathContent): Promise<Names> {
  if (holds === 'records') return jsonNames(file);
  const ending = arrayEndings.find((each) => hasEnding(file, [each])) ?? '.csv';
  return readers[ending]!(file);
}

async function tableNames(file: string): Promise<Names> {
  // Empty lines before the names are passed over, as the trainer does.
  const lines = await firstLines(file, 2, (take): TakesText => {
    const splitter = new LineSplitter(file, (line) => line !== '' && take(line));
    return { add: (text) => splitter.add(text), end: (text) => splitter.end(text) };
  });
  if (!lines.ok) return lines;
  const [first, second] = lines.value;
  if (first === undefined) return fail('empty', `${path.basename(file)} is empty.`);
  const { names, twice, separator, row } = readHeader(first);
  if (twice !== undefined) return fail('bad-data', `Two columns of ${path.basename(file)} are called "${twice}".`);
  const values = row ?? (second === undefined ? [] : cellsOf(second, separator));
  return ok(names.map((name, i) => ({ name, about: shortened(values[i] ?? '') })));
}

async function jsonNames(file: string): Promise<Names> {
  const lines = await firstLines(file, 1, (take): TakesText => {
    let rest = '';
    const add = (text: string) => {
      const pieces = (rest + text).split('\n');
      rest = pieces.pop()!;
      for (const piece of pieces) if (piece.trim() !== '') take(piece);
    };
    return { add, end: (text) => add(`${text}\n`) };
  });
  if (!lines.ok) return lines;
  const [first] = lines.value;
  if (first === undefined) return fail('empty', `${path.basename(file)} is empty.`);
  const record = parseObject(first);
  if (record === undefined) return fail('bad-data', `The first line of ${path.basename(file)} is no JSON object.`);
  return ok(Object.entries(record).map(([name, value]) => ({ name, about: shortened(jsonText(value)) })));
}

async function npzNames(file: string): Promise<Names> {
  const entries = await withFile(file, readZipDirectory);
  if (!entries.ok) return entries;
  const arrays = entries.value.filter(({ name }) => name.endsWith('.npy'));
  return ok(arrays.map(({ name }) => ({ name: name.replace(/\.npy$/, ''), about: '' })));
}

async function safetensorsNames(file: string): Promise<Names> {
  const header = await readSafetensorsHeader(file);
  if (!header.ok) return header;
  return ok(header.value.tensors.map(({ name, dtype, shape }) => ({ name, about: `${dtype} [${shape.join(', ')}]` })));
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const longestAbout = 60;

/** A value on one line of a list. */
function shortened(text: string): string {
  // A text of a book is not looked through for what is cut off anyway.
  const line = text
    .slice(0, 4 * longestAbout)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > longestAbout ? `${line.slice(0, longestAbout - 1)}…` : line;
}
