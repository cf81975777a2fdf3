import { type ConfigField, describeField, didYouMean } from '../../domain/config.ts';
import type { Json } from '../../domain/json.ts';
import type { RecipeInfo } from '../../domain/recipe.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printTable } from '../output.ts';
import { printHelp } from './common.ts';

const help = `trainyard recipes [RECIPE] [--json]

Lists what Trainyard can train, or the keys of one recipe with their defaults. Needs no worker.`;

/** `trainyard recipes [RECIPE]`. */
export async function runRecipes(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) return printHelp(help);
  const [name, surplus] = positionals;
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one argument too many.`);
  const { recipes } = await import('../../recipes/index.ts');
  const infos = recipes.map(({ info }) => info);
  const chosen = name === undefined ? undefined : recipeNamed(name, infos);
  if (values.json === true) printJson(chosen === undefined ? { recipes: infos } : { recipe: chosen });
  else if (chosen === undefined) printList(infos);
  else printKeys(chosen);
  return exitCodes.done;
}

function recipeNamed(name: string, infos: readonly RecipeInfo[]): RecipeInfo {
  const ids = infos.map(({ id }) => id);
  const found = infos.find(({ id }) => id === name);
  if (found !== undefined) return found;
  throw new UsageError(`There is no recipe "${name}".${didYouMean(name, ids)} There are ${ids.join(', ')}.`);
}

function printList(infos: readonly RecipeInfo[]): void {
  printTable(
    ['recipe', 'trains'],
    infos.map(({ id, description }) => [id, description]),
  );
  print('\n"trainyard recipes RECIPE" lists its keys, "trainyard train RECIPE key=value …" trains it.');
}

function printKeys({ id, description, fields }: RecipeInfo): void {
  const required = fields.filter((field) => field.required === true);
  const width = Math.max(...fields.map((field) => assignment(field).length));
  print(`${id}: ${description}\n`);
  for (const field of [...required, ...fields.filter((field) => field.required !== true)]) {
    print(`${assignment(field).padEnd(width)}  ${field.description} ${typeOf(field)}`);
  }
  const given = required.map(({ key }) => `${key}=…`).join(' ');
  print(`\ntrainyard train ${id} ${given}`);
}

/** The key with its default, as one would type it. */
function assignment({ key, default: value, required }: ConfigField): string {
  return required === true ? `${key}=…` : `${key}=${typed(value)}`;
}

function typed(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function typeOf(field: ConfigField): string {
  const kind = `(${field.required === true ? 'must be given; ' : ''}${describeField(field)}`;
  return field.unit === undefined || field.unit === '' ? `${kind})` : `${kind}; ${field.unit})`;
}
