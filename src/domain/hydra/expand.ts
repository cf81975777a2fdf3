import { fail, ok, type Result } from '../../base/result.ts';
import { maxRangeLength, rangeValues } from './numbers.ts';
import { parseHydraOverride } from './parse.ts';
import { printHydraValue, printOverrideKey } from './print.ts';
import { type HydraElement, type HydraOverride, type HydraSweep, isSweep } from './values.ts';

export interface ExpandOptions {
  /** Options of a group, for `glob(…)`; absent: a glob is an error. */
  readonly groupOptions?: (group: string) => readonly string[];
  /** Numbers in [0, 1) for `shuffle(…)`; absent: the order of the text stays, so that the same words mean the same jobs. */
  readonly random?: () => number;
  /** How many jobs are accepted at most. */
  readonly limit?: number;
}

type ExpandError = 'syntax' | 'endless' | 'too-many';

/**
 * The jobs of a command line with sweeps, each as its own list of overrides, in the order in which Hydra's BasicSweeper starts them:
 * the last axis turns fastest, and a key that comes twice keeps its first place and its last value (itertools.product over an ordered dictionary).
 */
export function expandSweeps(
  overrides: readonly string[],
  options: ExpandOptions = {},
): Result<readonly (readonly string[])[], ExpandError> {
  const axes = new Map<string, readonly string[]>();
  for (const text of overrides) {
    const parsed = parseHydraOverride(text);
    if (!parsed.ok) return fail('syntax', `${text}: ${parsed.problem.message}`);
    const key = printOverrideKey(parsed.override);
    const words = overrideWords(parsed.override, options);
    if (!words.ok) return fail(words.reason, `${text}: ${words.message}`);
    axes.set(key, words.value);
  }
  const limit = options.limit ?? maxRangeLength;
  const total = [...axes.values()].reduce((count, words) => count * words.length, 1);
  if (total > limit) return fail('too-many', `This sweep has ${total} jobs; at most ${limit} are taken.`);
  return ok(product([...axes.values()]));
}

/** Values of a sweep, each as it stands behind `key=`. */
export function sweepValues(
  sweep: HydraSweep,
  group: string,
  options: ExpandOptions = {},
): Result<readonly string[], ExpandError> {
  const elements = sweepElements(sweep, group, options);
  return elements.ok ? ok(elements.value.map(printHydraValue)) : elements;
}

function overrideWords(override: HydraOverride, options: ExpandOptions): Result<readonly string[], ExpandError> {
  const key = printOverrideKey(override);
  if (override.value === undefined) return ok([key]);
  if (!isSweep(override.value)) return ok([`${key}=${printValueOrNothing(override.value)}`]);
  const values = sweepValues(override.value, override.key, options);
  return values.ok ? ok(values.value.map((value) => `${key}=${value}`)) : values;
}

function printValueOrNothing(value: HydraElement): string {
  return value.kind === 'string' && value.value === '' ? '' : printHydraValue(value);
}

function sweepElements(
  sweep: HydraSweep,
  group: string,
  { groupOptions, random }: ExpandOptions,
): Result<readonly HydraElement[], ExpandError> {
  switch (sweep.kind) {
    case 'choice':
      return ok(sweep.shuffle && random !== undefined ? shuffled(sweep.values, random) : sweep.values);
    case 'range': {
      const values = rangeValues(sweep.start, sweep.stop, sweep.step);
      if (values === undefined)
        return fail('endless', `The range does not end within ${maxRangeLength} values. Check its step.`);
      return ok(sweep.shuffle && random !== undefined ? shuffled(values, random) : values);
    }
    case 'interval':
      return fail('endless', 'An interval has no single values: use a search that draws from it, or range(…).');
    case 'glob': {
      if (groupOptions === undefined) return fail('endless', 'glob(…) needs the options of its group.');
      const names = groupOptions(group).filter(
        (name) => matchesAny(name, sweep.include) && !matchesAny(name, sweep.exclude),
      );
      return ok(names.map((value) => ({ kind: 'string', value })));
    }
  }
}

/** Fisher and Yates. */
function shuffled<T>(values: readonly T[], random: () => number): readonly T[] {
  const mixed = [...values];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
  }
  return mixed;
}

function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => globPattern(pattern).test(name));
}

/** The pattern of Python's fnmatch: `*`, `?`, `[abc]`, `[!abc]`. */
function globPattern(pattern: string): RegExp {
  const source = pattern.replace(
    /\[(!?)([^\]]+)\]|[\s\S]/g,
    (match, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replace(/[\\^\]]/g, '\\$&')}]`;
      if (match === '*') return '[\\s\\S]*';
      if (match === '?') return '[\\s\\S]';
      return match.replace(/[\\^$.|+(){}[\]/-]/g, '\\$&');
    },
  );
  return new RegExp(`^${source}$`, 'u');
}

function product(axes: readonly (readonly string[])[]): readonly (readonly string[])[] {
  let rows: readonly (readonly string[])[] = [[]];
  for (const words of axes) rows = rows.flatMap((row) => words.map((word) => [...row, word]));
  return rows;
}
