import type { Json } from '../../domain/json.ts';
import { CompositionError } from './compositionError.ts';

/** An item of a defaults list: another configuration, or the option of a group. */
export type DefaultItem =
  | { readonly kind: 'config'; readonly path: string; readonly package?: string; readonly optional: boolean }
  | {
      readonly kind: 'group';
      readonly group: string;
      /** null chooses nothing; a list chooses several. */
      readonly value: string | null | readonly string[];
      readonly package?: string;
      readonly optional: boolean;
      readonly override: boolean;
      /** Added on the command line by `+group=option`. */
      readonly appended: boolean;
    };

/** The place of an item in the tree of configurations. */
export interface ItemPlace {
  /** Group of the configuration that has the item. */
  readonly parentGroup: string;
  readonly parentPackage: string;
  /** Package of the header of its own file, absolute: `_global_.model`. */
  readonly header?: string;
}

export const selfItem: DefaultItem = { kind: 'config', path: '_self_', optional: false };

export function isSelf(item: DefaultItem): boolean {
  return item.kind === 'config' && item.path === '_self_';
}

/** An item as it stands in YAML: `model: unet`, `override /model@net: unet`, `[optional local: default]`, `base`, `_self_`. */
export function readDefaultItem(item: Json, where: string): DefaultItem {
  if (typeof item === 'string') {
    const { name, ...named } = splitPackage(item);
    return { kind: 'config', path: name, optional: false, ...named };
  }
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    throw new CompositionError(`In ${where}: an item of the defaults list is neither "group: option" nor a name.`);
  const [pair, ...more] = Object.entries(item);
  if (pair === undefined || more.length > 0)
    throw new CompositionError(`In ${where}: each item of the defaults list has one group: ${JSON.stringify(item)}.`);
  const words = pair[0].split(' ').filter((word) => word !== '');
  const { name, ...named } = splitPackage(words.at(-1) ?? '');
  return {
    kind: 'group',
    group: name,
    value: readOption(pair[1], where),
    optional: words.includes('optional'),
    override: words.includes('override'),
    appended: false,
    ...named,
  };
}

/** The group that an item's configuration is in. */
export function groupOf(item: DefaultItem, place: ItemPlace): string {
  const path = item.kind === 'group' ? item.group : item.path;
  const own = item.kind === 'group' ? path.replace(/^\//, '') : folderOf(path.replace(/^\//, ''));
  if (path.startsWith('/') || place.parentGroup === '') return own;
  return own === '' ? place.parentGroup : `${place.parentGroup}/${own}`;
}

/** Name of an item's configuration: "model/unet". */
export function configOf(item: DefaultItem, place: ItemPlace): string {
  if (item.kind === 'group') return `${groupOf(item, place)}/${String(item.value)}`;
  if (item.path.startsWith('/')) return item.path.slice(1);
  return place.parentGroup === '' ? item.path : `${place.parentGroup}/${item.path}`;
}

/** Where the item's content goes: its own package, else that of its header, else its group, below that of the parent; `_global_` begins anew. */
export function packageOf(item: DefaultItem, place: ItemPlace, withHeader = true): string {
  const path = (item.kind === 'group' ? item.group : folderOf(item.path.replace(/^\//, ''))).replace(/^\//, '');
  const own = ownPackage(item, place) ?? (withHeader ? place.header : undefined) ?? path.replaceAll('/', '.');
  const whole = [place.parentPackage, own].filter((part) => part !== '').join('.');
  const global = whole.lastIndexOf('_global_');
  return global < 0 ? whole : whole.slice(global + '_global_'.length + 1);
}

/** How the command line names an item: "model", or "model@net" where its package is another than its group says. */
export function overrideKeyOf(item: DefaultItem, place: ItemPlace): string {
  const group = groupOf(item, place);
  const name = packageOf(item, place, false);
  if (name === group.replaceAll('/', '.')) return group;
  return `${group}@${name === '' ? '_global_' : name}`;
}

/** The package of a file's header in its absolute form. `_group_` says what is so anyhow. */
export function absoluteHeader(header: string | undefined): string | undefined {
  if (header === undefined || header === '_group_') return undefined;
  return header === '_global_' || header.startsWith('_global_.') ? header : `_global_.${header}`;
}

function ownPackage(item: DefaultItem, place: ItemPlace): string | undefined {
  if (item.package === undefined) return undefined;
  if (item.package === '_here_') return '';
  if (!item.package.includes('_group_')) return item.package;
  return `_global_.${item.package.replaceAll('_group_', groupOf(item, place).replaceAll('/', '.'))}`;
}

function readOption(value: Json, where: string): string | null | readonly string[] {
  if (value === null || typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw new CompositionError(`In ${where}: the option of a group must be a name, null or a list of names.`);
}

function splitPackage(text: string): { name: string; package?: string } {
  const at = text.indexOf('@');
  if (at < 0) return { name: text };
  // `group@old:new` is a renaming of Hydra 1.0, of which the first part counts.
  return { name: text.slice(0, at), package: text.slice(at + 1).split(':')[0]! };
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
