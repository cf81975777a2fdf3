import { opendir } from 'node:fs/promises';
import path from 'node:path';
import type { PathContent } from '../../../domain/config.ts';
import type { DataColumn } from '../../../domain/dataColumns.ts';
import type { DataSplit } from '../../../recipes/data.ts';
import { arrayEndings } from '../../../trainer/data/arrays/arrayFile.ts';
import { npyName } from '../../../trainer/data/arrays/npy.ts';
import { byName, hasEnding, isNamedAsPart, partNames } from '../../../trainer/data/files/findFiles.ts';

/** A form waits for this search, so of a very large folder only a part is looked at. */
const mostEntries = 5_000;
const mostFolders = 100;
const maxDepth = 4;

/** A file whose columns are those of the whole folder. */
export interface FoundTable {
  readonly file: string;
  /** Files or folders tell which part of the data they are. */
  readonly isNamed: boolean;
  /** Where each file is a column of its own (`.npy`), these. */
  readonly columns?: readonly DataColumn[];
}

interface Listed {
  readonly path: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** One table of a folder, of its training part where there is one, by the rules of the trainer's `findFiles`. All tables of a folder have the same columns. */
export async function findTable(folder: string, holds: PathContent): Promise<FoundTable | undefined> {
  const endings = holds === 'records' ? recordEndings : arrayEndings;
  const top = await list(folder, endings);
  const isTold = (split: DataSplit) =>
    top.folders.some((name) => isPart(name, split)) || top.files.some((name) => isNamedAsPart(name, split));
  const isNamed = isTold('train') && isTold('test');
  const trainFolder = isNamed ? partNames.train.find((name) => top.folders.includes(name)) : undefined;
  const start = trainFolder === undefined ? top : await list(path.join(folder, trainFolder), endings);
  const holder = await firstWithFiles(start, endings);
  if (holder === undefined) return undefined;
  const isTrain = (name: string) => !isNamed || trainFolder !== undefined || isNamedAsPart(name, 'train');
  const files = holder.files.filter(isTrain);
  const file = path.join(holder.path, files[0] ?? holder.files[0]!);
  if (!hasEnding(file, ['.npy'])) return { file, isNamed };
  const columns = files
    .filter((name) => hasEnding(name, ['.npy']))
    .map((name) => ({ name: npyName(name), about: name }));
  return { file, isNamed, columns };
}

const recordEndings = ['.jsonl', '.ndjson'];

/** The folder itself, or the first below it that has files of the kind. */
async function firstWithFiles(start: Listed, endings: readonly string[]): Promise<Listed | undefined> {
  let level = [start];
  let seen = 1;
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const holder = level.find(({ files }) => files.length > 0);
    if (holder !== undefined) return holder;
    const below = level.flatMap((each) => each.folders.map((name) => path.join(each.path, name)));
    const looked = below.slice(0, mostFolders - seen);
    seen += looked.length;
    level = await Promise.all(looked.map((each) => list(each, endings)));
  }
  return undefined;
}

/** What lies in a folder, in the trainer's order; nothing of a folder that cannot be read. */
async function list(folder: string, endings: readonly string[]): Promise<Listed> {
  const files: string[] = [];
  const folders: string[] = [];
  const opened = await opendir(folder).catch(() => undefined);
  let count = 0;
  for await (const entry of opened ?? []) {
    if (++count > mostEntries) break;
    if (entry.name.startsWith('.')) continue;
    // A part may lie on another disk; other links to folders are not followed.
    if (entry.isDirectory() || (entry.isSymbolicLink() && isPart(entry.name))) folders.push(entry.name);
    else if (hasEnding(entry.name, endings)) files.push(entry.name);
  }
  return { path: folder, files: files.sort(byName), folders: folders.sort(byName) };
}

function isPart(folderName: string, ...splits: readonly DataSplit[]): boolean {
  const names: readonly string[] = (splits.length > 0 ? splits : (['train', 'test'] as const)).flatMap(
    (split) => partNames[split],
  );
  return names.includes(folderName);
}
