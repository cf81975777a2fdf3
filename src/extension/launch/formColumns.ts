import type { ConfigField, PathContent } from '../../domain/config.ts';
import { columnsNamed, type DataColumns } from '../../domain/dataColumns.ts';
import { currentValue, type OverrideForm } from './overrideForm.ts';

/** The columns of the data that a key names one of; undefined where they are not known. */
export function columnsOf(form: OverrideForm, field: ConfigField): DataColumns | undefined {
  const data = dataOf(form, field);
  return data === undefined || data.columns.length === 0 ? undefined : data;
}

/** What is known of the columns of the data that a key names one of, also that they are not known. */
export function dataOf(form: OverrideForm, field: ConfigField): DataColumns | undefined {
  const place = pathOfData(form, field);
  return place === undefined ? undefined : form.columns?.get(place.path);
}

/** Data whose columns are named by keys of the form. */
export function namedData(form: OverrideForm): readonly DataPath[] {
  return form.fields.map((field) => pathOfData(form, field)).filter((place) => place !== undefined);
}

/** A path as it stands in the configuration, and what lies there. */
export interface DataPath {
  readonly path: string;
  readonly holds: PathContent;
}

function pathOfData(form: OverrideForm, { column }: ConfigField): DataPath | undefined {
  const data = column === undefined ? undefined : form.fields.find(({ key }) => key === column.of);
  const path = data === undefined ? undefined : currentValue(form, data);
  if (data?.holds === undefined || typeof path !== 'string' || path === '') return undefined;
  return { path, holds: data.holds };
}

/** Columns of the same data that keys for a single one name. */
export function otherColumns(form: OverrideForm, { key, column }: ConfigField): ReadonlySet<string> {
  const others = form.fields.filter(
    (one) => one.key !== key && one.column?.of === column?.of && one.column?.many !== true,
  );
  return new Set(others.flatMap((one) => columnsNamed(one, currentValue(form, one))));
}
