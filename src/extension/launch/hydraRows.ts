import { didYouMean } from '../../domain/config.ts';
import type { HydraForm, HydraGroup, HydraKey } from '../../domain/entryPoint.ts';
import { textOverride } from '../../domain/hydra/print.ts';
import type { Json } from '../../domain/json.ts';
import { splitArguments } from './argv.ts';

/** One override, as far as the form needs to know it. */
export interface ParsedOverride {
  /** `key=`, `+key=`, `++key=`, `~key`. */
  readonly operation: 'change' | 'add' | 'force' | 'delete';
  /** Without the sign and without `@package`. */
  readonly key: string;
  /** What a sweep over this override gives, each as it stands behind `key=`; absent where it is none. */
  readonly sweep?: readonly string[];
  /** Bounds of `interval(low, high)`. */
  readonly interval?: {
    readonly low: number;
    readonly high: number;
    readonly log?: boolean;
    readonly integer?: boolean;
  };
}

export type ParseOverride = (text: string) => ParsedOverride | { readonly message: string };

/** A row of the list in which a Hydra program's configuration is changed. */
export type HydraRow =
  | { readonly kind: 'continue'; readonly changed: number; readonly sweeps: number; readonly missing: number }
  | { readonly kind: 'set'; readonly texts: readonly string[]; readonly note: string }
  | { readonly kind: 'problem'; readonly message: string }
  | { readonly kind: 'given'; readonly text: string; readonly isSweep: boolean }
  | { readonly kind: 'key'; readonly key: HydraKey };

export interface HydraChanges {
  readonly form: HydraForm;
  readonly overrides: readonly string[];
  readonly parse: ParseOverride;
}

/** The rows for what has been typed so far: what Enter would do first, then what was changed, then every key with its value. */
export function hydraRows(changes: HydraChanges, typed: string): readonly HydraRow[] {
  const { form, overrides, parse } = changes;
  const text = typed.trim();
  const given = overrides.map((one) => ({ kind: 'given', text: one, isSweep: isSweep(parse(one)) }) as const);
  const keys = [...form.keys].sort((a, b) => Number(b.missing) - Number(a.missing));
  return [...typedRows(changes, text), ...given, ...keys.map((key) => ({ kind: 'key', key }) as const)];
}

function typedRows(changes: HydraChanges, text: string): readonly HydraRow[] {
  if (text === '') return [continueRow(changes)];
  if (!/=|^[~-]/.test(text)) return [];
  const copied = text.startsWith('-') ? severalOverrides(changes, text) : undefined;
  if (copied !== undefined) return [copied];
  const checked = checkHydraOverride(changes.form, changes.parse, text);
  if (!('message' in checked)) return [{ kind: 'set', texts: [text], note: checked.note }];
  const several = severalOverrides(changes, text);
  return [several ?? { kind: 'problem', message: checked.message }];
}

/** What was copied from a command line: several overrides at once, in a shell's quotes. Undefined where it is none of that. */
function severalOverrides({ form, parse }: HydraChanges, text: string): HydraRow | undefined {
  const split = splitArguments(text);
  if ('message' in split || split.args.length < 2) return undefined;
  // A sweep is seen in the values here, so the flag that asks for one says nothing more.
  const texts = split.args.filter((arg) => arg !== '-m' && arg !== '--multirun');
  for (const one of texts) {
    const checked = checkHydraOverride(form, parse, one);
    if ('message' in checked) return { kind: 'problem', message: `${one}: ${checked.message}` };
  }
  return { kind: 'set', texts, note: `${texts.length} overrides` };
}

function continueRow({ form, overrides, parse }: HydraChanges): HydraRow {
  const sweeps = overrides.filter((text) => isSweep(parse(text))).length;
  const missing = stillMissing(form, overrides).length;
  return { kind: 'continue', changed: overrides.length, sweeps, missing };
}

/** Keys without a value that no override gives. */
export function stillMissing(form: HydraForm, overrides: readonly string[]): readonly string[] {
  const given = new Set(overrides.map(overrideKey));
  return form.composition.missing.filter((key) => !given.has(key));
}

/** What the override means for this configuration, or what is wrong with it. */
export function checkHydraOverride(
  form: HydraForm,
  parse: ParseOverride,
  text: string,
): { readonly note: string } | { readonly message: string } {
  if (text === '-m' || text === '--multirun')
    return { message: 'Type the values of a sweep: key=a,b or key=range(1,5).' };
  if (text.startsWith('-')) return { note: 'an argument of the program itself' };
  const parsed = parse(text);
  if ('message' in parsed) return parsed;
  const problem = keyProblem(form, parsed);
  if (problem !== undefined) return { message: problem };
  const sweep =
    parsed.interval !== undefined
      ? `searched between ${parsed.interval.low} and ${parsed.interval.high}`
      : parsed.sweep === undefined
        ? ''
        : `a sweep of ${parsed.sweep.length}: ${parsed.sweep.slice(0, 8).join(', ')}`;
  return { note: [formerly(form, parsed.key), sweep].filter(Boolean).join(' · ') };
}

function keyProblem(form: HydraForm, { operation, key }: ParsedOverride): string | undefined {
  const exists = isKnown(form, key);
  if (operation === 'force') return undefined;
  if (operation === 'add') {
    const isLeaf = form.keys.some((one) => one.key === key);
    return isLeaf ? `${key} is there already. Write ${key}=… to change it, or ++${key}=…` : undefined;
  }
  if (exists) return undefined;
  const known = [...form.keys.map((one) => one.key), ...form.groups.map(({ name }) => name)];
  const advice = operation === 'delete' ? '' : ` Write +${key}=… to add it.`;
  return `There is no key ${key}.${didYouMean(key, known)}${advice}`;
}

/** Whether a key, a branch of keys or a group has this name. Groups may be named with a package: `db@backup`. */
function isKnown(form: HydraForm, key: string): boolean {
  if (key.startsWith('hydra.') || key.startsWith('hydra/')) return true;
  const group = key.replace(/@.*$/, '');
  return (
    form.groups.some(({ name }) => name === group || name === key) ||
    form.keys.some((one) => one.key === key || one.key.startsWith(`${key}.`) || one.key.startsWith(`${key}[`)) ||
    form.composition.missing.includes(key)
  );
}

function formerly(form: HydraForm, key: string): string {
  const leaf = form.keys.find((one) => one.key === key);
  if (leaf !== undefined) return leaf.missing ? 'has no value yet' : `now ${shownJson(leaf.value)}`;
  const chosen = chosenText(form.groups.find(({ name }) => name === key));
  return chosen === '' ? '' : `now ${chosen}`;
}

/** "unet", "a, b", or '' where nothing is chosen. */
export function chosenText(group: HydraGroup | undefined): string {
  const chosen = group?.chosen;
  return chosen === undefined ? '' : typeof chosen === 'string' ? chosen : chosen.join(', ');
}

/** The overrides with one more; a former one of the same key goes. */
export function withHydraOverride(overrides: readonly string[], text: string): readonly string[] {
  const at = overrides.findIndex((one) => overrideKey(one) === overrideKey(text));
  return at < 0 ? [...overrides, text] : overrides.map((one, index) => (index === at ? text : one));
}

/** The key that an override is about, also where the rest of it is not valid. */
export function overrideKey(text: string): string {
  return text
    .trim()
    .replace(/^(\+\+|\+|~)/, '')
    .replace(/=[\s\S]*$/, '')
    .trim();
}

/** The override that chooses an option of a group. */
export function groupOverride(group: HydraGroup, option: string): string {
  // A group that is not in the defaults list has to be added.
  return group.chosen === undefined ? `+${group.name}=${option}` : `${group.name}=${option}`;
}

/** A value as it is typed behind `key=`, so that the grammar reads the same value again; interpolations stay what they are. */
export function typedHydraValue(value: Json): string {
  if (value === null) return 'null';
  // What is printed behind a key is the word for the value alone.
  if (typeof value === 'string') return textOverride('', value).slice(1);
  if (Array.isArray(value)) return `[${value.map(typedHydraValue).join(',')}]`;
  if (typeof value !== 'object') return String(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}:${typedHydraValue(item)}`)
    .join(',')}}`;
}

/** A value in a list of keys, short. */
export function shownJson(value: Json): string {
  const text = typedHydraValue(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

function isSweep(parsed: ReturnType<ParseOverride>): boolean {
  return !('message' in parsed) && (parsed.sweep !== undefined || parsed.interval !== undefined);
}
