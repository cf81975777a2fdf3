import { didYouMean } from '../../../domain/config.ts';
import type { ArraySource } from '../../../recipes/data.ts';
import { badData } from '../files/badData.ts';
import type { Column, ColumnPlan } from './columns.ts';
import type { Table } from './tables.ts';

/** The columns that examples are made of, each in one or several pieces. */
export interface Chosen {
  readonly rows: number;
  readonly features: readonly (readonly ColumnPlan[])[];
  readonly target: readonly Column[];
}

/** Finds features and target of a table. Throws AppError 'bad-data' that names what there is. */
export function chooseColumns(table: Table, source: ArraySource, where: string): Chosen {
  const target = table.get(source.target);
  if (target === undefined) throw missing(source.target, 'target', table, where);
  const names =
    source.features.length > 0 ? source.features : [...table.keys()].filter((name) => name !== source.target);
  if (names.length === 0) throw badData(`${where} has the target alone, and nothing to tell it from.`);
  const rows = countRows(target);
  const features = names.map((name) => {
    const pieces = table.get(name);
    if (pieces === undefined) throw missing(name, 'features', table, where);
    if (countRows(pieces) !== rows) {
      throw badData(`"${name}" has ${countRows(pieces)} rows, and "${source.target}" has ${rows}. (${where})`);
    }
    return numbersOnly(name, pieces, where);
  });
  return { rows, features, target };
}

export function countRows(pieces: readonly Column[]): number {
  return pieces.reduce((sum, { rows }) => sum + rows, 0);
}

export function numbersOnly(name: string, pieces: readonly Column[], where: string): readonly ColumnPlan[] {
  const shape = JSON.stringify(shapeOf(pieces[0]!));
  return pieces.map((piece) => {
    if (piece.kind === 'text') {
      const row = piece.texts.findIndex((text) => text.trim() === '' || !Number.isFinite(Number(text)));
      throw badData(`"${name}" is no column of numbers: row ${row + 1} has "${piece.texts[row]}" (${where}).`, {
        hint: 'Name the columns that are numbers in features, or turn text into numbers first.',
      });
    }
    if (JSON.stringify(piece.shape) === shape) return piece;
    throw badData(`"${name}" has rows of the shapes ${shape} and ${JSON.stringify(piece.shape)} (${where}).`);
  });
}

function shapeOf(column: Column): readonly number[] {
  return column.kind === 'text' ? [] : column.shape;
}

function missing(name: string, key: string, table: Table, where: string): Error {
  const some = [...table.keys()].slice(0, 20);
  const more = table.size > some.length ? `, and ${table.size - some.length} more` : '';
  if (some.length === 0)
    return badData(`There is no "${name}" in ${where}, which names no column at all.`, {
      hint: 'Is the file empty? Fetch the data again, or choose another one.',
    });
  const meant = didYouMean(name, [...table.keys()]);
  return badData(`There is no "${name}" in ${where}.${meant} There are: ${some.join(', ')}${more}.`, {
    hint: `Set ${key} to what is there.`,
  });
}
