import { existsSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import {
  type ConfigField,
  isProblem,
  type Override,
  parseOverride,
  resolveConfig,
  unflatten,
  valueAt,
} from '../../domain/config.ts';
import { columnProblem } from '../../domain/dataColumns.ts';
import type { DeviceChoice } from '../../domain/device.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { LaunchRequest } from '../../domain/launch.ts';
import type { RecipeInfo } from '../../domain/recipe.ts';
import { defaultRunName, nextRunName, runNameProblem } from '../../launch/runName.ts';
import { dataColumns } from './columns/dataColumns.ts';
import { readConfigTree } from './configFile.ts';
import { recipeOf } from './recipeTable.ts';

/** The keys that a launch sets itself, whatever the file says. */
interface LaunchKeys {
  readonly name: string;
  readonly device: DeviceChoice;
  readonly resume: string;
}

/** A launch request with everything decided. */
export interface ResolvedLaunch {
  readonly recipe: RecipeInfo;
  readonly name: string;
  /** The name was made up, so another one will do where it is taken. */
  readonly isNameFree: boolean;
  readonly runsFolder: string;
  readonly config: JsonObject;
  readonly configYaml: string;
  readonly device: DeviceChoice;
  readonly problems: readonly string[];
}

/** Decides what a request means: configuration file, then overrides, then what the form says; checked against the recipe. Throws `not-found` for an unknown recipe. */
export async function resolveLaunch(request: LaunchRequest): Promise<ResolvedLaunch> {
  const recipe = await recipeOf(request.recipe);
  const problems: string[] = [];
  const tree = configTree(request, problems);
  const parsed = request.overrides.map(parseOverride);
  problems.push(...parsed.filter(isProblem).map(({ message }) => message));
  const overrides = parsed.filter((each): each is Override => !isProblem(each) && each.key !== 'recipe');
  const runsFolder = path.resolve(request.folder, request.runsFolder ?? 'runs');
  const named = request.name ?? nameIn(overrides);
  const name = named ?? freeName(runsFolder, defaultRunName(recipe.id));
  problems.push(...nameProblems(name, runsFolder, named !== undefined), ...placeProblems(request));
  const keys: LaunchKeys = { name, device: deviceOf(request, overrides), resume: request.resumeFrom ?? '' };
  const resolved = resolveConfig(recipe.fields, tree, [...overrides, ...setKeys(recipe, keys, overrides)]);
  problems.push(...resolved.problems.map(({ message }) => message));
  const config = withAbsolutePaths(recipe.fields, resolved.config, request.folder);
  problems.push(...(await columnProblems(recipe.fields, config)));
  const configYaml = stringify({ recipe: recipe.id, ...config });
  return {
    recipe,
    name,
    isNameFree: named === undefined,
    runsFolder,
    config,
    configYaml,
    device: keys.device,
    problems,
  };
}

/** The next name that no folder has. */
export function freeName(runsFolder: string, name: string): string {
  let free = name;
  while (existsSync(path.join(runsFolder, free))) free = nextRunName(free);
  return free;
}

/** The slot that a device stands for. What `auto` will choose is known only in the run, so it waits for the best device that seems to be there. */
export function slotOf(device: DeviceChoice): string {
  if (device === 'cpu') return 'cpu';
  if (device !== 'auto') return `${device}:0`;
  return existsSync('/dev/nvidia0') || existsSync('/dev/dxg') ? 'cuda:0' : 'cpu';
}

function configTree({ configFile, recipe }: LaunchRequest, problems: string[]): JsonObject {
  if (configFile === undefined) return {};
  const read = readConfigTree(configFile);
  if (!read.ok) {
    problems.push(read.message);
    return {};
  }
  const { recipe: named, ...tree } = read.value;
  if (named !== undefined && named !== recipe)
    problems.push(`${configFile} is for the recipe ${JSON.stringify(named)}, not for "${recipe}".`);
  // The name belongs to the run that was launched with the file; this one gets its own.
  return Object.fromEntries(Object.entries(tree).filter(([key]) => key !== 'name'));
}

function nameIn(overrides: readonly Override[]): string | undefined {
  const given = overrides.findLast(({ key }) => key === 'name')?.value;
  return typeof given === 'string' && given !== '' ? given : undefined;
}

/** A device in the overrides counts where the form leaves the choice open. */
function deviceOf(request: LaunchRequest, overrides: readonly Override[]): DeviceChoice {
  const override = overrides.findLast(({ key }) => key === 'device')?.value;
  return request.device === 'auto' && typeof override === 'string' ? (override as DeviceChoice) : request.device;
}

function setKeys(
  recipe: RecipeInfo,
  { name, device, resume }: LaunchKeys,
  overrides: readonly Override[],
): readonly Override[] {
  const known = new Set(recipe.fields.map(({ key }) => key));
  const resumes = resume !== '' || !overrides.some(({ key }) => key === 'resume');
  const set: readonly Override[] = [
    { key: 'name', value: name },
    { key: 'device', value: device },
    ...(resumes ? [{ key: 'resume', value: resume }] : []),
  ];
  return set.filter(({ key }) => known.has(key));
}

function nameProblems(name: string, runsFolder: string, isGiven: boolean): readonly string[] {
  const problem = runNameProblem(name);
  if (problem !== undefined) return [problem];
  const folder = path.join(runsFolder, name);
  return isGiven && existsSync(folder)
    ? [`${folder} exists already. Choose another name, for instance ${freeName(runsFolder, name)}.`]
    : [];
}

function placeProblems({ folder, resumeFrom }: LaunchRequest): readonly string[] {
  const problems: string[] = [];
  if (!existsSync(folder)) problems.push(`There is no folder ${folder}.`);
  if (resumeFrom !== undefined && !existsSync(resumeFrom)) problems.push(`There is no checkpoint ${resumeFrom}.`);
  return problems;
}

/** Names of columns that the data do not have. Data that are not there, or tell no names, are left to the run. */
async function columnProblems(fields: readonly ConfigField[], config: JsonObject): Promise<readonly string[]> {
  const paths = fields.filter(({ key }) => fields.some(({ column }) => column?.of === key));
  const problems = await Promise.all(
    paths.map(async ({ key, holds }) => {
      const place = valueAt(config, key);
      if (holds === undefined || typeof place !== 'string' || place === '') return [];
      const data = await dataColumns(place, holds);
      const naming = fields.filter(({ column }) => column?.of === key);
      return naming.flatMap((field) => {
        const problem = columnProblem(field, valueAt(config, field.key) ?? null, data);
        return problem === undefined ? [] : [`${field.key}: ${problem}`];
      });
    }),
  );
  return problems.flat();
}

/** Relative paths in a configuration are relative to the workspace folder, wherever the file lies. */
function withAbsolutePaths(fields: readonly ConfigField[], config: JsonObject, folder: string): JsonObject {
  return unflatten(
    fields.map((field): [string, Json] => {
      const value = valueAt(config, field.key) ?? field.default;
      const isPath = field.type === 'path' && typeof value === 'string' && value !== '' && value !== 'last';
      return [field.key, isPath ? path.resolve(folder, value) : value];
    }),
  );
}
