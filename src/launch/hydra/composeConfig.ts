import path from 'node:path';
import { flatten } from '../../domain/config.ts';
import { expandSweeps } from '../../domain/hydra/expand.ts';
import { parseHydraOverride } from '../../domain/hydra/parse.ts';
import type { HydraOverride } from '../../domain/hydra/values.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import { applyOverride } from './applyOverrides.ts';
import { CompositionError } from './compositionError.ts';
import { type ConfigCache, ConfigFolders } from './configFiles.ts';
import { type DefaultsList, listDefaults, type MergeStep } from './defaultsList.ts';
import { embed, isTree, mergeTrees } from './mergeTrees.ts';

/** What our own composer says. */
export interface Composed {
  /** Without Hydra's own part, with interpolations as they stand. Empty where nothing could be composed. */
  readonly config: JsonObject;
  readonly choices: ReadonlyMap<string, string | null>;
  /** Dotted keys that are `???`, and groups without an option. */
  readonly missing: readonly string[];
  readonly comments: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
  readonly remarks: readonly string[];
  /** The overrides that were composed: those of the first job where the words are a sweep. */
  readonly job: readonly string[];
  /** Files that it was made from. */
  readonly files: readonly string[];
  readonly source: ConfigFolders;
}

/** The configuration of a Hydra program by its files and a command line's overrides. Never throws for their content. */
export function composeConfig(
  folder: string,
  configName: string,
  words: readonly string[],
  cache: ConfigCache,
): Composed {
  const remarks: string[] = [];
  const problems: string[] = [];
  const source = new ConfigFolders(searchPath(folder, configName, cache, remarks), cache);
  const job = firstJob(words, source, problems, remarks);
  const overrides = parseAll(job);
  const progress = { config: {} as JsonObject, list: undefined as DefaultsList | undefined };
  try {
    progress.list = listDefaults(source, configName, overrides);
    progress.config = mergeSteps(progress.list.steps, source);
  } catch (error) {
    problems.push(sentenceOf(error));
  }
  if (progress.list !== undefined) {
    for (const override of progress.list.valueOverrides) {
      // Hydra's own keys are not in the files.
      if (override.key === 'hydra' || override.key.startsWith('hydra.')) continue;
      try {
        progress.config = applyOverride(progress.config, override);
      } catch (error) {
        problems.push(sentenceOf(error));
      }
    }
  }
  for (const group of progress.list?.missing ?? [])
    problems.push(`${group} must be chosen: ${source.options(group.split('@')[0]!).join(', ')}.`);
  const { hydra: _, ...config } = progress.config;
  return {
    config,
    choices: progress.list?.choices ?? new Map(),
    missing: [...(progress.list?.missing ?? []), ...missingKeys(config)],
    comments: commentsOf(progress.list?.steps ?? [], source),
    problems: [...new Set([...fileProblems(source, configName, progress.list?.steps ?? []), ...problems])],
    remarks,
    job,
    files: [...source.used],
    source,
  };
}

/** Dotted keys whose value is `???`. */
export function missingKeys(config: JsonObject): readonly string[] {
  return flatten(config)
    .filter(([, value]) => value === '???')
    .map(([key]) => key);
}

function firstJob(
  words: readonly string[],
  source: ConfigFolders,
  problems: string[],
  remarks: string[],
): readonly string[] {
  const valid = words.filter((word) => {
    const parsed = parseHydraOverride(word);
    if (!parsed.ok) problems.push(`${word}: ${parsed.problem.message}`);
    return parsed.ok;
  });
  const jobs = expandSweeps(valid, { groupOptions: (group) => source.options(group) });
  if (!jobs.ok) {
    problems.push(jobs.message);
    return [];
  }
  if (jobs.value.length === 0) problems.push('The sweep has no jobs.');
  if (jobs.value.length > 1) remarks.push(`Shown is the first of the ${jobs.value.length} jobs of the sweep.`);
  // The words themselves where there is one job, so that a deletion or a value stays as it was written.
  return jobs.value.length > 1 ? jobs.value[0]! : valid;
}

function parseAll(words: readonly string[]): readonly HydraOverride[] {
  return words.flatMap((word) => {
    const parsed = parseHydraOverride(word);
    return parsed.ok ? [parsed.override] : [];
  });
}

function mergeSteps(steps: readonly MergeStep[], source: ConfigFolders): JsonObject {
  return steps.reduce<JsonObject>((config, step) => {
    const { tree } = source.load(step.config)!;
    try {
      return mergeTrees(config, embed(tree, step.package));
    } catch (error) {
      throw error instanceof CompositionError
        ? new CompositionError(`In ${step.config}.yaml: ${error.message}`)
        : error;
    }
  }, {});
}

/** The folder of the program, then what its primary configuration adds as hydra.searchpath. */
function searchPath(folder: string, configName: string, cache: ConfigCache, remarks: string[]): readonly string[] {
  const primary = cache.read(path.join(folder, `${configName}.yaml`), configName);
  const hydra: Json | undefined = primary?.tree['hydra'];
  const added = isTree(hydra) && Array.isArray(hydra['searchpath']) ? (hydra['searchpath'] as readonly Json[]) : [];
  const folders = added.flatMap((place) => {
    if (typeof place !== 'string') return [];
    const file = place.replace(/^file:\/\//, '');
    if (!file.includes('://') && !file.includes('${')) return [path.resolve(path.dirname(folder), file)];
    remarks.push(`Configurations of ${place} (hydra.searchpath) are not seen here.`);
    return [];
  });
  return [folder, ...folders];
}

function commentsOf(steps: readonly MergeStep[], source: ConfigFolders): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  for (const step of steps)
    for (const [key, comment] of source.load(step.config)?.comments ?? [])
      comments.set(step.package === '' ? key : `${step.package}.${key}`, comment);
  return comments;
}

function fileProblems(source: ConfigFolders, configName: string, steps: readonly MergeStep[]): readonly string[] {
  const names = steps.length === 0 ? [configName] : steps.map(({ config }) => config);
  return names.flatMap((name) => source.load(name)?.problems ?? []);
}

function sentenceOf(error: unknown): string {
  if (error instanceof CompositionError) return error.message;
  throw error;
}
