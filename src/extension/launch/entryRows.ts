import type { EntryKind, EntryPoint } from '../../domain/entryPoint.ts';
import type { Pipeline } from '../../domain/project.ts';
import type { RecipeInfo } from '../../domain/recipe.ts';
import { joinArguments } from './argv.ts';
import type { KeptItem, LaunchMemory } from './history.ts';
import { keyOf } from './history.ts';
import { describeChoice } from './targetRows.ts';

/** What the first step of Launch Training offers. */
export interface Launchables {
  readonly folder: string;
  readonly entries: readonly EntryPoint[];
  readonly pipelines: readonly Pipeline[];
  readonly recipes: readonly RecipeInfo[];
  /** Sentences about what could not be found or read. */
  readonly problems: readonly string[];
  readonly memory: LaunchMemory;
}

export type LaunchChoice =
  | { readonly kind: 'kept'; readonly item: KeptItem; readonly isFavourite: boolean }
  | { readonly kind: 'entry'; readonly entry: EntryPoint }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
  | { readonly kind: 'recipe'; readonly recipe: RecipeInfo }
  | { readonly kind: 'ownCommand' }
  | { readonly kind: 'problem'; readonly sentence: string };

/** A group of rows under one heading. */
export interface LaunchSection {
  readonly title: string;
  readonly choices: readonly LaunchChoice[];
}

/** Headings of the kinds, in the order of the list. */
export const kindTitles: { readonly [K in EntryKind]: string } = {
  named: 'Named in trainyard.yaml',
  hydra: 'Hydra',
  script: 'Python scripts',
  module: 'Python modules',
  slurm: 'SLURM',
  shell: 'Shell',
  make: 'Make',
  modal: 'Modal',
};

/** Codicons of the kinds. */
export const kindIcons: { readonly [K in EntryKind]: string } = {
  named: 'star-empty',
  hydra: 'symbol-namespace',
  script: 'symbol-method',
  module: 'package',
  slurm: 'server',
  shell: 'terminal',
  make: 'tools',
  modal: 'cloud',
};

const HISTORY_SHOWN = 5;
const roleOrder: { readonly [R in EntryPoint['role']]: number } = { train: 0, evaluate: 1, data: 2, other: 3 };

/** All that can be launched, most likely first: favourites, recent launches, the repository's own by kind, recipes. */
export function launchSections(launchables: Launchables): readonly LaunchSection[] {
  const { entries, recipes, memory, pipelines, problems } = launchables;
  const favourites = memory.favourites.map((item) => ({ kind: 'kept', item, isFavourite: true }) as const);
  const starred = new Set(memory.favourites.map(({ launch }) => keyOf(launch)));
  const recent = memory.history
    .filter(({ launch }) => !starred.has(keyOf(launch)))
    .slice(0, HISTORY_SHOWN)
    .map((item) => ({ kind: 'kept', item, isFavourite: false }) as const);
  const sections: LaunchSection[] = [
    { title: 'Favourites', choices: favourites },
    { title: 'Recent', choices: recent },
    ...(Object.keys(kindTitles) as EntryKind[]).map((kind) => ({
      title: kindTitles[kind],
      choices: entries
        .filter((entry) => entry.kind === kind)
        .sort((a, b) => roleOrder[a.role] - roleOrder[b.role])
        .map((entry) => ({ kind: 'entry', entry }) as const),
    })),
    { title: 'Pipelines', choices: pipelines.map((pipeline) => ({ kind: 'pipeline', pipeline }) as const) },
    { title: 'Recipes of Trainyard', choices: recipes.map((recipe) => ({ kind: 'recipe', recipe }) as const) },
    { title: 'Other', choices: [{ kind: 'ownCommand' }] },
    { title: 'Problems', choices: problems.map((sentence) => ({ kind: 'problem', sentence }) as const) },
  ];
  return sections.filter(({ choices }) => choices.length > 0);
}

/** The texts of a row. */
export interface LaunchRow {
  readonly label: string;
  readonly description: string;
  readonly detail?: string;
  readonly icon: string;
}

export function launchRow(choice: LaunchChoice, folder: string): LaunchRow {
  switch (choice.kind) {
    case 'kept':
      return keptRow(choice.item, choice.isFavourite);
    case 'entry':
      return entryRow(choice.entry, folder);
    case 'pipeline':
      return {
        label: choice.pipeline.name,
        description: choice.pipeline.stages.map(({ name }) => name).join(' → '),
        icon: 'git-commit',
      };
    case 'recipe': {
      const { title, id, description } = choice.recipe;
      return { label: title, description: id, detail: description, icon: 'beaker' };
    }
    case 'ownCommand':
      return { label: 'A command of your own…', description: 'program and arguments, as typed', icon: 'edit' };
    case 'problem':
      return { label: choice.sentence, description: '', icon: 'warning' };
  }
}

function entryRow(entry: EntryPoint, folder: string): LaunchRow {
  const place = entry.file === undefined ? '' : placeOf(entry, folder);
  return {
    label: entry.title,
    description: place === entry.title ? '' : place,
    detail: `${joinArguments(entry.command)} · ${entry.reason}`,
    icon: kindIcons[entry.kind],
  };
}

/** "src/train.py:12". */
export function placeOf({ file = '', line }: EntryPoint, folder: string): string {
  const inFolder = file.startsWith(`${folder}/`) || file.startsWith(`${folder}\\`);
  const relative = inFolder ? file.slice(folder.length + 1) : file;
  return line === undefined ? relative : `${relative}:${line}`;
}

function keptRow({ title, launch }: KeptItem, isFavourite: boolean): LaunchRow {
  const icon = isFavourite ? 'star-full' : 'history';
  if (launch.kind === 'recipe') {
    const { overrides, device } = launch.request;
    return { label: title, description: `${joinArguments(overrides)} on ${device}`.trim(), icon };
  }
  const { command, target, gpus } = launch.request;
  const args = joinArguments([...(command ?? []), ...launch.request.arguments]);
  return { label: title, description: `${args} on ${describeChoice(target, gpus)}`.trim(), icon };
}
