import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { AppError } from '../../base/errors.ts';
import {
  type ConfigField,
  type ConfigProblem,
  didYouMean,
  isProblem,
  type Override,
  parseOverride,
  resolveConfig,
  unflatten,
  valueAt,
} from '../../domain/config.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { Recipe } from '../../recipes/recipe.ts';

/** A configuration that was checked: every key of the recipe has a value, paths are absolute. */
export interface LoadedConfig {
  readonly recipe: Recipe;
  readonly config: JsonObject;
}

/** `resume=last`: go on from the run directory's own last checkpoint where there is one, else start. For jobs that are started again. */
export const resumeLast = 'last';

/**
 * Reads a YAML configuration (`recipe:` and the recipe's keys), or begins with the defaults of a recipe that `file` names, applies `key=value` overrides and checks both. Relative paths are
 * relative to `folder`. Throws AppError 'bad-config' with every problem that there is.
 */
export function loadConfig(
  file: string,
  overrides: readonly string[],
  folder: string,
  recipes: readonly Recipe[],
): LoadedConfig {
  const { recipe: id, ...tree } = readTree(file, recipes);
  const parsed = overrides.map(parseOverride);
  const problems = parsed.filter(isProblem);
  const given = parsed.filter((each): each is Override => !isProblem(each));
  const recipe = findRecipe(given.find(({ key }) => key === 'recipe')?.value ?? id, file, recipes);
  const resolved = resolveConfig(
    recipe.info.fields,
    tree,
    given.filter(({ key }) => key !== 'recipe'),
  );
  refuseProblems([...problems, ...resolved.problems]);
  return { recipe, config: completed(recipe.info.fields, resolved.config, folder) };
}

/** Throws one AppError that says every problem. */
export function refuseProblems(problems: readonly ConfigProblem[]): void {
  if (problems.length === 0) return;
  throw new AppError('bad-config', problems.map(({ message }) => message).join('\n'), {
    hint: 'Correct the configuration or the override and start again.',
  });
}

function readTree(file: string, recipes: readonly Recipe[]): JsonObject {
  // A file of that name goes first, so that nothing that worked changes its meaning.
  if (recipes.some(({ info }) => info.id === file) && !existsSync(file)) return { recipe: file };
  const document = parseDocument(readText(file, recipes), { prettyErrors: true });
  const broken = document.errors[0];
  if (broken !== undefined) throw badConfig(`${file} is no YAML: ${broken.message.split('\n')[0]}`);
  const tree: unknown = document.toJS();
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree)) {
    throw badConfig(`${file} must hold keys and values, beginning with "recipe: …".`);
  }
  return tree as JsonObject;
}

function readText(file: string, recipes: readonly Recipe[]): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as { code?: unknown }).code === 'ENOENT';
    const why = missing ? 'There is no such file' : error instanceof Error ? error.message : String(error);
    const ids = recipes.map(({ info }) => info.id);
    throw new AppError('not-found', `The configuration ${path.resolve(file)} cannot be read. ${why}.`, {
      hint: `Give the path of a YAML file that begins with "recipe: …", or the name of a recipe: ${ids.join(', ')}.${didYouMean(file, ids)}`,
      cause: error,
    });
  }
}

function findRecipe(id: Json | undefined, file: string, recipes: readonly Recipe[]): Recipe {
  const known = recipes.map(({ info }) => info.id).join(', ');
  if (id === undefined)
    throw badConfig(`${file} names no recipe. Its first line must be "recipe: NAME" with one of ${known}.`);
  const recipe = recipes.find(({ info }) => info.id === id);
  if (recipe === undefined) throw badConfig(`There is no recipe ${JSON.stringify(id)}. There are ${known}.`);
  return recipe;
}

/** Empty values become the default, and relative paths absolute. */
function completed(fields: readonly ConfigField[], config: JsonObject, folder: string): JsonObject {
  return unflatten(
    fields.map((field): [string, Json] => {
      const value = valueAt(config, field.key) ?? field.default;
      const isPath = field.type === 'path' && typeof value === 'string' && value !== '' && value !== resumeLast;
      return [field.key, isPath ? path.resolve(folder, value) : value];
    }),
  );
}

function badConfig(message: string): AppError {
  return new AppError('bad-config', message, { hint: 'Correct the configuration and start again.' });
}
