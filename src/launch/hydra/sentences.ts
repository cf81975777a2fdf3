import { didYouMean } from '../../domain/config.ts';

/** A group has no such option. */
export function missingOption(group: string, option: string, options: readonly string[], from: string): string {
  const where = from === '' ? '' : ` (asked for in ${from}.yaml)`;
  if (options.length === 0) return `There is no configuration ${group}/${option}.yaml${where}.`;
  return `${group} has no option ${option}${where}.${didYouMean(option, options)} There are ${listed(options)}.`;
}

export function missingConfig(config: string, from: string): string {
  return `There is no configuration ${config}.yaml${from === '' ? '' : `, which ${from}.yaml asks for`}.`;
}

/** An override of a group that the defaults do not have. */
export function unusedOverride(
  key: string,
  value: string | null | readonly string[],
  known: readonly string[],
  from: string | undefined,
): string {
  const shown = value === null ? 'null' : typeof value === 'string' ? value : `[${value.join(',')}]`;
  const where = from === undefined ? '' : `In ${from}.yaml: `;
  if (known.length > 0) return `${where}${key} is not among the defaults; meant may be ${listed(known)}.`;
  const hint = from === undefined ? ` Write +${key}=${shown} to add it.` : '';
  return `${where}${key} is not among the defaults.${hint}`;
}

/** A value for a key that is not there. */
export function unknownKey(key: string, word: string, known: readonly string[]): string {
  return `There is no key ${key}.${didYouMean(key, known)} To add it, write +${word}.`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 30);
  return `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`;
}
