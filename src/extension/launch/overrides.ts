import {
  type ConfigField,
  checkValue,
  describeField,
  isProblem,
  parseOverride,
  resolveConfig,
  valueAt,
  valueFor,
} from '../../domain/config.ts';
import { columnProblem, type DataColumns } from '../../domain/dataColumns.ts';
import type { DataPlace } from '../../domain/dataPlace.ts';
import type { Json } from '../../domain/json.ts';
import { columnOffers } from './columnOffers.ts';
import { columnsOf, dataOf, otherColumns } from './formColumns.ts';
import { currentValue, type OverrideForm, parsedOverrides } from './overrideForm.ts';

/** A row of the list in which overrides are typed and chosen. */
export type OverrideRow =
  | { readonly kind: 'continue'; readonly changed: number }
  /** Where one cannot go on yet: the first key that must be given, with what is wrong where it has a value. */
  | { readonly kind: 'give'; readonly field: ConfigField; readonly wrong?: string }
  /** `place`: what was found there. `column`: what the data tell of it; `more`: others may be named behind it. */
  | {
      readonly kind: 'set';
      readonly text: string;
      readonly field: ConfigField;
      readonly place?: DataPlace;
      readonly column?: { readonly about: string; readonly more: boolean };
    }
  /** So many columns that fit are not listed. */
  | { readonly kind: 'further'; readonly count: number }
  /** Asks for a file or a folder with VS Code's own dialog. */
  | { readonly kind: 'browse'; readonly field: ConfigField; readonly wanted: 'file' | 'folder' }
  | { readonly kind: 'problem'; readonly message: string }
  | {
      readonly kind: 'field';
      readonly field: ConfigField;
      readonly value: Json;
      readonly former: Json;
      readonly overridden: boolean;
    };

/** The rows for what has been typed so far: what Enter would do first, then every key with its value. */
export function overrideRows(form: OverrideForm, typed: string): readonly OverrideRow[] {
  return [...typedRows(form, typed.trim()), ...fieldRows(form)];
}

function typedRows(form: OverrideForm, typed: string): readonly OverrideRow[] {
  if (typed === '') return [giveRow(form) ?? { kind: 'continue', changed: form.overrides.length }];
  if (!typed.includes('=')) return [];
  const key = typed.slice(0, typed.indexOf('=')).trim();
  const text = typed.slice(typed.indexOf('=') + 1).trim();
  const field = form.fields.find((one) => one.key === key);
  if (field?.type === 'path' && form.places !== undefined) return placeRows(form, field, text);
  const data = field === undefined ? undefined : columnsOf(form, field);
  if (field !== undefined && data !== undefined) return columnRows(form, field, data, text);
  if (field !== undefined) {
    const offered = suggestedValues(field).filter((value) => value.startsWith(text) && value !== text);
    const rows = offered.map((value) => ({ kind: 'set', text: `${key}=${value}`, field }) as const);
    if (text === '') return rows.length > 0 ? rows : [{ kind: 'problem', message: typeIt(form, field) }];
    if (rows.length > 0) return [...setRow(form, typed).filter(({ kind }) => kind === 'set'), ...rows];
  }
  return setRow(form, typed);
}

/** What was found and fits what is typed, then the typed path as it stands, then the dialogs. */
function placeRows(form: OverrideForm, field: ConfigField, text: string): readonly OverrideRow[] {
  const found = (form.places?.get(field.key) ?? []).filter(({ path }) => path.includes(text) && path !== text);
  const places = found.map((place) => ({ kind: 'set', text: `${field.key}=${place.path}`, field, place }) as const);
  const own = text === '' ? [] : setRow(form, `${field.key}=${text}`);
  return [...places, ...own, { kind: 'browse', field, wanted: 'folder' }, { kind: 'browse', field, wanted: 'file' }];
}

/** Columns that fit what is typed; first what is typed, where it names one, and last where it may. */
function columnRows(form: OverrideForm, field: ConfigField, data: DataColumns, text: string): readonly OverrideRow[] {
  const { typed, offered, further, problem } = columnOffers(field, data, text, otherColumns(form, field));
  const more = field.column?.many === true;
  const own = typed === undefined ? [] : setRow(form, `${field.key}=${typed.value}`);
  return [
    ...(problem === undefined ? [] : [{ kind: 'problem', message: problem } as const]),
    ...(typed?.isKnown === true ? own : []),
    ...offered.map(
      ({ value, about }) => ({ kind: 'set', text: `${field.key}=${value}`, field, column: { about, more } }) as const,
    ),
    ...(typed?.isKnown === false ? own : []),
    ...(further === 0 ? [] : [{ kind: 'further', count: further } as const]),
  ];
}

/** What to type for a key of which nothing is offered, and why that is where columns could have been. */
function typeIt(form: OverrideForm, field: ConfigField): string {
  const why = dataOf(form, field)?.why;
  return `Type ${describeField(field)}.${why === undefined ? '' : ` The columns of the data are not known. ${why}`}`;
}

/** The first key that must be given and is not, else the first that names a column which the data do not have. */
function giveRow(form: OverrideForm): OverrideRow | undefined {
  const missing = form.fields.find((field) => field.required === true && currentValue(form, field) === null);
  if (missing !== undefined) return { kind: 'give', field: missing };
  for (const field of form.fields) {
    const data = columnsOf(form, field);
    const wrong = data === undefined ? undefined : columnProblem(field, currentValue(form, field), data);
    if (wrong !== undefined) return { kind: 'give', field, wrong };
  }
  return undefined;
}

function setRow({ fields }: OverrideForm, typed: string): readonly OverrideRow[] {
  const checked = checkOverride(fields, typed);
  if ('message' in checked) return [{ kind: 'problem', message: checked.message }];
  return [
    { kind: 'set', text: `${checked.field.key}=${typed.slice(typed.indexOf('=') + 1).trim()}`, field: checked.field },
  ];
}

/** Keys that the form asks for in steps of their own. */
const askedElsewhere: { readonly [key: string]: string } = {
  name: 'The name of the run is asked for in a later step.',
  device: 'The device is asked for in the next step.',
};

function fieldRows({ fields, base, overrides }: OverrideForm): readonly OverrideRow[] {
  const given = new Map(parsedOverrides(overrides).map(({ key, value }) => [key, value]));
  return fields
    .filter(({ key }) => !Object.hasOwn(askedElsewhere, key))
    .sort(
      (a, b) =>
        Number(given.has(b.key)) - Number(given.has(a.key)) ||
        Number(b.required ?? false) - Number(a.required ?? false),
    )
    .map((field) => {
      const overridden = given.has(field.key);
      const former = valueAt(base, field.key) ?? field.default;
      return { kind: 'field', field, value: overridden ? given.get(field.key)! : former, former, overridden };
    });
}

/** The field of an override, or what is wrong with it. */
export function checkOverride(
  fields: readonly ConfigField[],
  typed: string,
): { readonly field: ConfigField } | { readonly message: string } {
  const parsed = parseOverride(typed);
  if (isProblem(parsed)) return { message: parsed.message };
  const elsewhere = Object.hasOwn(askedElsewhere, parsed.key) ? askedElsewhere[parsed.key] : undefined;
  if (elsewhere !== undefined) return { message: elsewhere };
  const field = fields.find(({ key }) => key === parsed.key);
  // The complete check names the nearest key where this one does not exist.
  if (field === undefined)
    return {
      message:
        resolveConfig(fields, {}, [parsed]).problems.find(({ key }) => key === parsed.key)?.message ??
        `There is no key ${parsed.key}.`,
    };
  const message = checkValue(field, valueFor(field, parsed.value, parsed.text));
  return message === undefined ? { field } : { message };
}

/** The overrides with one more; a former value of the same key goes. */
export function withOverride(overrides: readonly string[], text: string): readonly string[] {
  return [...withoutOverride(overrides, keyOf(text)), text];
}

/** The overrides without this key. */
export function withoutOverride(overrides: readonly string[], key: string): readonly string[] {
  return overrides.filter((text) => keyOf(text) !== key);
}

/** A value as one would type it after `key=`. */
export function typedValue(value: Json): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function keyOf(override: string): string {
  return override.slice(0, override.indexOf('=')).trim();
}

function suggestedValues({ type, choices }: ConfigField): readonly string[] {
  if (type === 'choice') return choices ?? [];
  return type === 'boolean' ? ['true', 'false'] : [];
}
