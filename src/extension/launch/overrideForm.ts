import { type ConfigField, isProblem, type Override, parseOverride, valueAt, valueFor } from '../../domain/config.ts';
import type { DataColumns } from '../../domain/dataColumns.ts';
import type { DataPlace } from '../../domain/dataPlace.ts';
import type { Json, JsonObject } from '../../domain/json.ts';

/** What the list of overrides is made from. */
export interface OverrideForm {
  readonly fields: readonly ConfigField[];
  /** The configuration before overrides: defaults with the file's values. */
  readonly base: JsonObject;
  /** `key=value`, at most one for each key. */
  readonly overrides: readonly string[];
  /** What was found for keys of type `path`. Absent: keys are typed only, and no file or folder can be chosen. */
  readonly places?: ReadonlyMap<string, readonly DataPlace[]>;
  /** What data call their columns, by the path as it stands in the configuration. */
  readonly columns?: ReadonlyMap<string, DataColumns>;
}

/** The value of a key as it would be now: the override, else the configuration's. */
export function currentValue({ base, overrides }: OverrideForm, field: ConfigField): Json {
  const given = parsedOverrides(overrides).findLast(({ key }) => key === field.key);
  return given === undefined ? (valueAt(base, field.key) ?? field.default) : valueFor(field, given.value, given.text);
}

/** Overrides as keys and values; those that are none are left out. */
export function parsedOverrides(overrides: readonly string[]): readonly Override[] {
  return overrides.map(parseOverride).filter((parsed) => !isProblem(parsed)) as readonly Override[];
}
