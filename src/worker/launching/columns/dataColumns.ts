import { stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../../base/errors.ts';
import type { PathContent } from '../../../domain/config.ts';
import type { DataColumn, DataColumns } from '../../../domain/dataColumns.ts';
import { splitByNames, strippedNames } from '../../../trainer/data/arrays/tables.ts';
import { findTable } from './findTable.ts';
import { readNames } from './readNames.ts';

/** A form waits for the answer; a disk of a network may not give one at all. */
const patienceMs = 4_000;

/**
 * What the trainer will call the columns of the data at an absolute path: of a table, the cells of its first line; of JSON lines, the keys of the first; of `.npz` and safetensors, the
 * tensors. Only the first bytes of a file are read, and of a folder one file. Nothing is thrown: what cannot be told has a sentence in `why`.
 */
export async function dataColumns(place: string, holds: PathContent): Promise<DataColumns> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<DataColumns>((resolve) => {
    timer = setTimeout(() => resolve(none(`${path.basename(place)} does not answer.`)), patienceMs);
  });
  try {
    return await Promise.race([look(place, holds), patience]);
  } catch (error) {
    return none(
      error instanceof AppError ? error.message : `${path.basename(place)} cannot be read: ${reasonOf(error)}.`,
    );
  } finally {
    clearTimeout(timer);
  }
}

async function look(place: string, holds: PathContent): Promise<DataColumns> {
  if (holds !== 'table' && holds !== 'records') return none('Such data have no columns.');
  const facts = await stat(place).catch(() => undefined);
  if (facts === undefined) return none(`There is no ${path.basename(place)}.`);
  // Anything else, a pipe for instance, might never end to be opened.
  if (!facts.isFile() && !facts.isDirectory()) return none(`${path.basename(place)} is neither a file nor a folder.`);
  if (facts.isFile()) {
    const read = await readNames(place, holds);
    return read.ok ? found(splitByNames(byName(read.value)).train, place, true) : none(read.message);
  }
  const table = await findTable(place, holds);
  if (table === undefined || (await stat(table.file).catch(() => undefined))?.isFile() !== true)
    return none(`No table was found in ${path.basename(place)}.`);
  if (table.columns !== undefined) return found(byName(table.columns), table.file, false);
  const read = await readNames(table.file, holds);
  if (!read.ok) return none(read.message);
  const columns = byName(read.value);
  return found(table.isNamed ? strippedNames(columns) : splitByNames(columns).train, table.file, false);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function byName(columns: readonly DataColumn[]): ReadonlyMap<string, string> {
  return new Map(columns.map(({ name, about }) => [name, about]));
}

function found(columns: ReadonlyMap<string, string>, file: string, isAll: boolean): DataColumns {
  return { columns: [...columns].map(([name, about]) => ({ name, about })), source: path.basename(file), isAll };
}

function none(why: string): DataColumns {
  return { columns: [], source: '', isAll: false, why };
}
