import { type ConfigField, didYouMean, nearestName } from './config.ts';
import type { Json } from './json.ts';

/** A column of a table, a field of records, or a tensor of a file. */
export interface DataColumn {
  readonly name: string;
  /** What tells a person which one it is: the first value, or element type and shape. A short text. */
  readonly about: string;
}

/** What data call their columns. */
export interface DataColumns {
  readonly columns: readonly DataColumn[];
  /** The name of the file that said so; '' where there are none. */
  readonly source: string;
  /** Any other name would be wrong. Not so of folders, whose further files nobody has looked into. */
  readonly isAll: boolean;
  /** Where there are none: why, in a sentence. */
  readonly why?: string;
}

/** A name is compared with so many others for what was meant; tables of genes have tens of thousands. */
const mostCompared = 2_000;
const mostTold = 10;

/** The names that the value of a key stands for. */
export function columnsNamed({ column }: ConfigField, value: Json): readonly string[] {
  if (typeof value !== 'string') return [];
  if (column?.many !== true) return [value];
  return value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** What is wrong with the value of a key that names columns, with the name that was probably meant; undefined where nothing is, or where that cannot be known. */
export function columnProblem(field: ConfigField, value: Json, data: DataColumns): string | undefined {
  if (field.column === undefined || !data.isAll) return undefined;
  const known = data.columns.map(({ name }) => name);
  const wrong = columnsNamed(field, value).find((name) => !known.includes(name));
  if (wrong === undefined) return undefined;
  const advice = didYouMean(wrong, comparedNames(data)) || ` There are: ${listed(known)}.`;
  return `There is no "${wrong}" in ${data.source}.${advice}`;
}

/** The column that a wrong name probably means. */
export function meantColumn(wrong: string, data: DataColumns): DataColumn | undefined {
  const meant = nearestName(wrong, comparedNames(data));
  return data.columns.find(({ name }) => name === meant);
}

function comparedNames({ columns }: DataColumns): readonly string[] {
  return columns.slice(0, mostCompared).map(({ name }) => name);
}

function listed(names: readonly string[]): string {
  const more = names.length > mostTold ? `, and ${names.length - mostTold} more` : '';
  return `${names.slice(0, mostTold).join(', ')}${more}`;
}
