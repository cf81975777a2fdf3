import { type ConfigField, isProblem, parseOverride, valueFor } from '../../domain/config.ts';
import {
  columnProblem,
  columnsNamed,
  type DataColumn,
  type DataColumns,
  meantColumn,
} from '../../domain/dataColumns.ts';

/** A value of a key, as one would type it, that names a column. */
export interface OfferedColumn {
  readonly value: string;
  /** What the data tell of the column. */
  readonly about: string;
}

/** What a key that names columns can be set to, for what has been typed of its value. */
export interface ColumnOffers {
  /** What has been typed names what is there, or may do so: it can be set. */
  readonly typed?: { readonly value: string; readonly isKnown: boolean };
  /** Columns that fit what has been typed; behind a comma, together with those before it. */
  readonly offered: readonly OfferedColumn[];
  /** How many more would fit. */
  readonly further: number;
  /** What has been typed names a column that is not there. */
  readonly problem?: string;
}

/** Lists of the tens of thousands of columns that tables of genes have would be slow, and nobody reads them. */
const mostOffered = 200;

/** Offers columns of the data. `others`: columns that have another role, so several of them are chosen without these. */
export function columnOffers(
  field: ConfigField,
  data: DataColumns,
  typed: string,
  others: ReadonlySet<string> = new Set(),
): ColumnOffers {
  const many = field.column?.many === true;
  const comma = many ? typed.lastIndexOf(',') : -1;
  const before = typed.slice(0, comma + 1);
  const part = typed.slice(comma + 1).trim();
  const chosen = new Set(columnsNamed(field, before));
  const wrongBefore = before === '' ? undefined : columnProblem(field, before, data);
  if (wrongBefore !== undefined) return { offered: [], further: 0, problem: wrongBefore };
  const isFree = ({ name }: DataColumn) => !many || !(chosen.has(name) || others.has(name) || name.includes(','));
  const fitting = data.columns.filter(
    (column) => isFree(column) && column.name !== part && includes(column.name, part),
  );
  const sorted = [
    ...fitting.filter(({ name }) => startsWith(name, part)),
    ...fitting.filter(({ name }) => !startsWith(name, part)),
  ];
  const offered = sorted
    .slice(0, mostOffered)
    .map(({ name, about }) => ({ value: written(field, before + name), about }));
  return { offered, further: sorted.length - offered.length, ...typedValue(field, data, before, part, offered) };
}

/** What is said of the value that has been typed, as it stands. */
function typedValue(
  field: ConfigField,
  data: DataColumns,
  before: string,
  part: string,
  offered: readonly OfferedColumn[],
): Pick<ColumnOffers, 'typed' | 'problem'> | { readonly offered: readonly OfferedColumn[] } {
  const value = part === '' ? before.replace(/,$/, '') : before + part;
  if (value === '') return {};
  const text = readText(field, value) ?? value;
  const named = columnsNamed(field, text);
  const isKnown = named.every((name) => data.columns.some((column) => column.name === name));
  if (isKnown || !data.isAll) return { typed: { value, isKnown } };
  if (offered.length > 0) return {};
  const problem = columnProblem(field, text, data)!;
  const meant = meantColumn(part, data);
  if (meant === undefined) return { problem };
  return { problem, offered: [{ value: written(field, before + meant.name), about: meant.about }] };
}

function includes(name: string, part: string): boolean {
  return name.toLowerCase().includes(part.toLowerCase());
}

function startsWith(name: string, part: string): boolean {
  return name.toLowerCase().startsWith(part.toLowerCase());
}

/** A text behind `key=`: in quotes where it would be read as something else, a list for instance. */
function written(field: ConfigField, text: string): string {
  return readText(field, text) === text ? text : `"${text.replaceAll('"', '\\"')}"`;
}

/** The text that is read behind `key=`; undefined where it is read as none. */
function readText(field: ConfigField, typed: string): string | undefined {
  const parsed = parseOverride(`${field.key}=${typed}`);
  if (isProblem(parsed)) return undefined;
  const value = valueFor(field, parsed.value, parsed.text);
  return typeof value === 'string' ? value : undefined;
}
