import { elementToJson } from '../../domain/hydra/toJson.ts';
import { type HydraOverride, isSweep } from '../../domain/hydra/values.ts';
import type { Json } from '../../domain/json.ts';
import { CompositionError } from './compositionError.ts';
import type { ConfigSource } from './configFiles.ts';
import {
  absoluteHeader,
  configOf,
  type DefaultItem,
  groupOf,
  type ItemPlace,
  isSelf,
  overrideKeyOf,
  packageOf,
  readDefaultItem,
  selfItem,
} from './defaultItems.ts';
import { missingConfig, missingOption, unusedOverride } from './sentences.ts';

/** A configuration at its place in the result, in the order in which they are merged. */
export interface MergeStep {
  readonly config: string;
  readonly package: string;
  /** How the command line names it, for the option of a group that has no defaults of its own. */
  readonly key?: string;
}

export interface DefaultsList {
  readonly steps: readonly MergeStep[];
  /** The option of every group that was met, by the name that the command line has for it. null: none is chosen. */
  readonly choices: ReadonlyMap<string, string | null>;
  /** Groups whose option must be chosen. */
  readonly missing: readonly string[];
  /** Overrides that are no groups: they change values afterwards. */
  readonly valueOverrides: readonly HydraOverride[];
}

/** Groups that Hydra brings itself; what they can be depends on plug-ins that are installed. */
const hydraGroups = /^hydra\/(launcher|sweeper|job_logging|hydra_logging|help|hydra_help|output|env|callbacks)$/;

/** Which configurations make the result, as hydra/_internal/defaults_list.py (Hydra 1.3) decides it. Throws CompositionError. */
export function listDefaults(
  source: ConfigSource,
  configName: string,
  overrides: readonly HydraOverride[],
): DefaultsList {
  const choices = new Choices(source, overrides);
  const builder = new TreeBuilder(source, choices);
  const root: DefaultItem = { kind: 'config', path: configName, optional: false };
  if (source.load(configName) === undefined)
    throw new CompositionError(`There is no configuration ${configName}.yaml to begin with.`);
  const steps = builder.expand(root, { parentGroup: '', parentPackage: '' }, true, false);
  checkOnce(steps);
  choices.checkUsed();
  return { steps, choices: choices.known, missing: builder.missing, valueOverrides: choices.values };
}

function checkOnce(steps: readonly MergeStep[]): void {
  const seen = new Set<string>();
  for (const { key } of steps) {
    if (key !== undefined && seen.has(key)) throw new CompositionError(`${key} is among the defaults twice.`);
    if (key !== undefined) seen.add(key);
  }
}

/** What was said about groups: on the command line, and by `override` items on the way. The first that says something about a key counts. */
class Choices {
  readonly known = new Map<string, string | null>();
  readonly values: HydraOverride[] = [];
  readonly appended: DefaultItem[] = [];
  readonly #wanted = new Map<string, { value: string | null | readonly string[]; isUsed: boolean; from?: string }>();
  readonly #deleted = new Map<string, { name: string | undefined; isUsed: boolean }>();
  readonly #keysOfGroup = new Map<string, Set<string>>();

  constructor(source: ConfigSource, overrides: readonly HydraOverride[]) {
    for (const override of overrides) {
      const value = override.value === undefined || isSweep(override.value) ? undefined : elementToJson(override.value);
      const isDict = override.value?.kind === 'dict';
      const isGroup = source.isGroup(override.key) || hydraGroups.test(override.key);
      if (!isGroup || isDict) this.values.push(override);
      else this.#take(override, value);
    }
  }

  #take(override: HydraOverride, value: Json | undefined): void {
    const key = override.package === undefined ? override.key : `${override.key}@${override.package}`;
    const named = override.package === undefined ? {} : { package: override.package };
    if (override.kind === 'force')
      throw new CompositionError(`A group cannot be forced: write +${key}=… to add it, or ${key}=… to change it.`);
    if (override.kind === 'delete') {
      this.#deleted.set(key, { name: typeof value === 'string' ? value : undefined, isUsed: false });
      return;
    }
    const isNames = Array.isArray(value) && value.every((name) => typeof name === 'string');
    if (typeof value !== 'string' && !isNames && value !== null)
      throw new CompositionError(`${key} is a group: its value is the name of an option, or a list of names.`);
    const option = value as string | null | readonly string[];
    if (override.kind === 'add')
      this.appended.push({
        kind: 'group',
        group: override.key,
        value: option,
        optional: false,
        override: false,
        appended: true,
        ...named,
      });
    else this.#wanted.set(key, { value: option, isUsed: hydraGroups.test(override.key) });
  }

  /** Notes an `override` item of a defaults list. */
  note(item: Extract<DefaultItem, { kind: 'group' }>, place: ItemPlace, from: string): void {
    const key = overrideKeyOf(item, place);
    if (this.#wanted.has(key)) return;
    const isHydra = hydraGroups.test(groupOf(item, place));
    this.#wanted.set(key, { value: item.value, isUsed: isHydra, from });
  }

  /** The item with the option that was chosen for it. */
  applied(item: DefaultItem, place: ItemPlace): DefaultItem {
    if (item.kind !== 'group') return item;
    const wanted = this.#wanted.get(overrideKeyOf(item, place));
    if (wanted === undefined) return item;
    wanted.isUsed = true;
    return { ...item, value: wanted.value };
  }

  isDeleted(item: DefaultItem, place: ItemPlace): boolean {
    if (item.kind !== 'group') return false;
    const deletion = this.#deleted.get(overrideKeyOf(item, place));
    if (deletion === undefined || (deletion.name !== undefined && deletion.name !== item.value)) return false;
    deletion.isUsed = true;
    return true;
  }

  learn(item: DefaultItem, place: ItemPlace): void {
    if (item.kind !== 'group' || Array.isArray(item.value)) return;
    const key = overrideKeyOf(item, place);
    const value = item.value as string | null;
    const before = this.known.get(key);
    if (before !== undefined && before !== value)
      throw new CompositionError(
        `${key} is chosen twice, as ${before} and as ${value}. Write "override ${key}: …" in one of the defaults lists.`,
      );
    this.known.set(key, value);
    const group = groupOf(item, place);
    this.#keysOfGroup.set(group, (this.#keysOfGroup.get(group) ?? new Set()).add(key));
  }

  checkUsed(): void {
    for (const [key, { isUsed, from, value }] of this.#wanted) {
      if (isUsed) continue;
      const known = [...(this.#keysOfGroup.get(key.split('@')[0]!) ?? [])].sort();
      throw new CompositionError(unusedOverride(key, value, known, from));
    }
    for (const [key, { isUsed, name }] of this.#deleted)
      if (!isUsed)
        throw new CompositionError(
          `~${key}${name === undefined ? '' : `=${name}`} removes nothing: the defaults do not choose it.`,
        );
  }
}

/** Walks the defaults lists from the last item to the first, so that later ones can override earlier ones. */
class TreeBuilder {
  readonly missing: string[] = [];
  readonly #source: ConfigSource;
  readonly #choices: Choices;
  /** Against configurations that include one another. */
  readonly #open: string[] = [];

  constructor(source: ConfigSource, choices: Choices) {
    this.#source = source;
    this.#choices = choices;
  }

  /** The merge steps of an item and of everything below it. */
  expand(
    item: DefaultItem,
    parent: ItemPlace,
    isRoot: boolean,
    isInterpolated: boolean,
    from = '',
  ): readonly MergeStep[] {
    const place = this.#withHeader(item, parent);
    if (this.#choices.isDeleted(item, place)) return [];
    this.#choices.learn(item, place);
    if (item.kind === 'group' && item.value === null) return [];
    const config = configOf(item, place);
    if (config.endsWith('???')) return this.#noteMissing(item, place);
    const loaded = this.#source.load(config);
    if (loaded === undefined) return this.#absent(item, place, config, from);
    if (this.#open.includes(config))
      throw new CompositionError(`The defaults go in a circle: ${[...this.#open, config].join(' → ')}.`);
    this.#open.push(config);
    const steps = this.#children(item, place, config, loaded.defaults, isRoot, isInterpolated);
    this.#open.pop();
    return steps;
  }

  #children(
    item: DefaultItem,
    place: ItemPlace,
    config: string,
    defaults: readonly Json[] | undefined,
    isRoot: boolean,
    isInterpolated: boolean,
  ): readonly MergeStep[] {
    const own: MergeStep = { config, package: packageOf(item, place) };
    const items = this.#items(defaults, config, isRoot);
    if (items.length === 0) return [item.kind === 'group' ? { ...own, key: overrideKeyOf(item, place) } : own];
    const inner: ItemPlace = { parentGroup: groupOf(item, place), parentPackage: own.package };
    this.#noteOverrides(items, inner, config, isInterpolated);
    const groups: (readonly MergeStep[])[] = [];
    const later: { readonly index: number; readonly item: DefaultItem }[] = [];
    for (const child of [...items].reverse()) {
      if (child.kind === 'group' && child.override) continue;
      if (isSelf(child)) {
        groups.push([own]);
        continue;
      }
      const chosen = this.#choices.applied(child, inner);
      if (isInterpolation(chosen)) later.push({ index: groups.length, item: chosen });
      groups.push(isInterpolation(chosen) ? [] : this.#expandChild(chosen, inner, isInterpolated, config));
    }
    for (const { index, item: child } of later) {
      const resolved = this.#resolve(child, config, items, inner);
      groups[index] = this.expand(resolved, inner, false, true, config);
    }
    // A list of overrides alone leaves the configuration what it is.
    return groups.length === 0 ? [own] : groups.reverse().flat();
  }

  #noteOverrides(items: readonly DefaultItem[], place: ItemPlace, config: string, isInterpolated: boolean): void {
    for (const item of items) {
      if (item.kind !== 'group' || !item.override) continue;
      if (isInterpolated)
        throw new CompositionError(
          `In ${config}: "override" cannot stand below a group whose option is an interpolation.`,
        );
      this.#choices.note(item, place, config);
    }
  }

  #items(defaults: readonly Json[] | undefined, config: string, isRoot: boolean): readonly DefaultItem[] {
    const items = (defaults ?? []).map((raw) => readDefaultItem(raw, config));
    const appended = isRoot ? this.#choices.appended : [];
    if (items.length === 0 && appended.length === 0) return [];
    const selves = items.filter(isSelf).length;
    if (selves > 1) throw new CompositionError(`In ${config}: _self_ stands twice in the defaults list.`);
    const hasOthers = items.some((child) => child.kind !== 'group' || !child.override);
    if ((selves === 0 && hasOthers) || items.length === 0) items.push(selfItem);
    checkOrder(items, config);
    return [...items, ...appended];
  }

  #expandChild(item: DefaultItem, place: ItemPlace, isInterpolated: boolean, from: string): readonly MergeStep[] {
    if (item.kind !== 'group' || !Array.isArray(item.value))
      return this.expand(item, place, false, isInterpolated, from);
    const named = item.package === undefined ? {} : { package: item.package };
    const parts = [...(item.value as readonly string[])].reverse().map((option) => {
      const part: DefaultItem = { kind: 'config', path: `${item.group}/${option}`, optional: item.optional, ...named };
      return this.expand(part, place, false, isInterpolated, from);
    });
    return parts.reverse().flat();
  }

  #withHeader(item: DefaultItem, place: ItemPlace): ItemPlace {
    if (item.kind === 'group' && (item.value === null || item.value === '???')) return place;
    const header = absoluteHeader(this.#source.load(configOf(item, place))?.header);
    return header === undefined ? place : { ...place, header };
  }

  #noteMissing(item: DefaultItem, place: ItemPlace): readonly MergeStep[] {
    this.missing.push(overrideKeyOf(item, place));
    return [];
  }

  #absent(item: DefaultItem, place: ItemPlace, config: string, from: string): readonly MergeStep[] {
    if (item.optional) return [];
    const group = groupOf(item, place);
    // What Hydra's plug-ins bring is not among the files, and does not change the job's own configuration.
    if (group === 'hydra' || group.startsWith('hydra/')) return [];
    if (item.kind === 'group')
      throw new CompositionError(missingOption(group, String(item.value), this.#source.options(group), from));
    throw new CompositionError(missingConfig(config, from));
  }

  /** `${model}_${data}`: the names that were chosen for other groups. */
  #resolve(item: DefaultItem, config: string, siblings: readonly DefaultItem[], place: ItemPlace): DefaultItem {
    const names = new Map(this.#choices.known);
    for (const sibling of siblings)
      if (sibling.kind === 'group' && !names.has(overrideKeyOf(sibling, place)) && typeof sibling.value === 'string')
        names.set(overrideKeyOf(sibling, place), sibling.value);
    const fill = (text: string): string =>
      text.replace(/\$\{([^${}]+)\}/g, (_, key: string) => {
        const name = names.get(key.trim());
        if (typeof name !== 'string' || name.includes('${'))
          throw new CompositionError(`In ${config}: \${${key}} names no group that was chosen before.`);
        return name;
      });
    if (item.kind === 'group') return { ...item, value: fill(String(item.value)) };
    return { ...item, path: fill(item.path) };
  }
}

function isInterpolation(item: DefaultItem): boolean {
  const name = item.kind === 'group' ? item.value : item.path;
  return typeof name === 'string' && name.includes('${');
}

function checkOrder(items: readonly DefaultItem[], config: string): void {
  const first = items.findIndex((item) => item.kind === 'group' && item.override);
  const after =
    first < 0 ? [] : items.slice(first).filter((item) => !isSelf(item) && !(item.kind === 'group' && item.override));
  if (after.length > 0)
    throw new CompositionError(`In ${config}: items with "override" must stand at the end of the defaults list.`);
}
