import type { Hash } from 'node:crypto';
import path from 'node:path';
import type { DataSetRequest, DataSplit } from '../../../recipes/recipe.ts';
import { badData } from '../files/badData.ts';
import { findFiles, partNames } from '../files/findFiles.ts';
import type { OpenFiles } from '../files/openFiles.ts';
import { arrayEndings, arrayFormat } from './arrayFile.ts';
import type { Column, Columns } from './columns.ts';

/** Columns by name, each in one or several pieces, one after the other. */
export type Table = ReadonlyMap<string, readonly Column[]>;

/** All of a data set: in two parts, where names say which is which, or in one that is still to be split. */
export interface Tables {
  readonly train: Table;
  /** Absent where names do not tell parts. */
  readonly test?: Table;
}

/** Reads the files of a request, of both parts, since classes and scales are those of the whole. Undefined where there are none and none are required. */
export async function readTables(
  request: DataSetRequest,
  files: OpenFiles,
  hashes: { readonly [N in DataSplit]: Hash },
): Promise<Tables | undefined> {
  const find = (split: DataSplit) => findFiles({ ...request, split }, arrayEndings, 'tables');
  const found = find('train');
  if (found === undefined) return undefined;
  const train = await readTable(found.files, files, hashes.train);
  if (!found.isNamed) return splitByNames(train);
  return { train: strippedNames(train), test: strippedNames(await readTable(find('test')!.files, files, hashes.test)) };
}

async function readTable(found: readonly string[], files: OpenFiles, hash: Hash): Promise<Table> {
  const table = new Map<string, Column[]>();
  for (const [i, file] of found.entries()) {
    const columns = await arrayFormat(file)(file, files, hash);
    if (!isSingle(file) && i > 0) checkSameColumns(table, columns, file, found[0]!);
    for (const [name, column] of columns) table.set(name, [...(table.get(name) ?? []), column]);
  }
  return table;
}

/** A `.npy` file is one column, and other files beside it are other ones. */
function isSingle(file: string): boolean {
  return /\.npy(\.gz)?$/i.test(file);
}

function checkSameColumns(table: Table, columns: Columns, file: string, first: string): void {
  const missing = [...table.keys()].find((name) => !columns.has(name));
  const surplus = [...columns.keys()].find((name) => !table.has(name));
  if (missing === undefined && surplus === undefined) return;
  const what = missing === undefined ? `has "${surplus}", which` : `lacks "${missing}", which`;
  const which = missing === undefined ? 'lacks' : 'has';
  throw badData(`${path.basename(file)} ${what} ${path.basename(first)} ${which}.`, {
    file,
    hint: 'All tables of a folder must have the same columns.',
  });
}

/** `x_train` and `x_test` are the parts of `x`, where there are such names for both. */
export function splitByNames<Content>(table: ReadonlyMap<string, Content>): {
  readonly train: ReadonlyMap<string, Content>;
  readonly test?: ReadonlyMap<string, Content>;
} {
  const named = [...table].map(([name, content]) => ({ ...partOfName(name), content }));
  const part = (split: DataSplit) =>
    new Map(named.filter((each) => each.split === split).map(({ name, content }) => [name, content]));
  const [train, test] = [part('train'), part('test')];
  return train.size > 0 && test.size > 0 ? { train, test } : { train: table };
}

/** Names that say the part again, as files of a folder `train` may do, without it. */
export function strippedNames<Content>(table: ReadonlyMap<string, Content>): ReadonlyMap<string, Content> {
  return new Map([...table].map(([name, content]) => [partOfName(name).name, content]));
}

const parts = (['train', 'test'] as const).map((split) => {
  const words = partNames[split].join('|');
  return { split, pattern: new RegExp(`^(?:${words})[-_.]+(.+)$|^(.+)[-_.]+(?:${words})$`, 'i') };
});

function partOfName(name: string): { readonly name: string; readonly split?: DataSplit } {
  for (const { split, pattern } of parts) {
    const match = pattern.exec(name);
    if (match !== null) return { name: match[1] ?? match[2]!, split };
  }
  return { name };
}
