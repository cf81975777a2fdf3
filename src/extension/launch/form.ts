import path from 'node:path';
import * as vscode from 'vscode';
import { type ConfigField, resolveConfig } from '../../domain/config.ts';
import { type DeviceChoice, deviceChoices } from '../../domain/device.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { LaunchPreview, LaunchRequest } from '../../domain/launch.ts';
import type { RecipeInfo } from '../../domain/recipe.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { ConfigFileInfo, WorkerEvents, WorkerMethods } from '../../protocol/worker.ts';
import type { Documents } from '../ui/documents.ts';
import { nameProblem, suggestName } from './names.ts';
import { overridesStep } from './overridesStep.ts';
import { pathHelp } from './pathHelp.ts';
import { previewStep } from './previewStep.ts';
import { endWith, pickStep, runSteps, type Step, type StepEnd, type StepPlace, textStep } from './wizard.ts';

export interface FormOptions {
  readonly worker: RpcClient<WorkerMethods, WorkerEvents>;
  readonly documents: Documents;
  readonly folder: string;
  /** Where runs go in the folder. */
  readonly runsFolder: string;
  readonly title: string;
  /** Names of runs that exist already in the folder. */
  readonly taken: ReadonlySet<string>;
  /** The recipe, where it has been chosen already; then one can go back to that choice. */
  readonly recipe?: RecipeInfo;
  /** A request to begin with, for "Run Again With Changes"; the form then opens at the overrides. */
  readonly initial?: LaunchRequest;
  /** The device that was chosen last time. */
  readonly lastDevice?: DeviceChoice;
}

/** What has been chosen so far. */
interface FormState {
  recipe: RecipeInfo | undefined;
  configFile: string | undefined;
  base: JsonObject;
  overrides: readonly string[];
  device: DeviceChoice;
  name: string;
  hold: boolean;
}

interface Form extends FormOptions {
  readonly state: FormState;
  readonly requestId: string;
  readonly recipes: readonly RecipeInfo[];
}

const steps: readonly Step<Form>[] = [recipeStep, configStep, changesStep, deviceStep, nameStep, lastStep];

/** Asks step by step for everything that a launch needs. Undefined when the person gave up, `back` when they left before the first step. Nothing starts here. */
export async function askForLaunch(options: FormOptions): Promise<LaunchRequest | 'back' | undefined> {
  const { recipes } = await options.worker.call('recipes.list', {});
  const { initial, recipe: chosen } = options;
  const recipe = chosen ?? recipes.find(({ id }) => id === initial?.recipe);
  const form: Form = {
    ...options,
    recipes,
    // One id for the whole form: whatever is pressed twice at its end launches once.
    requestId: crypto.randomUUID(),
    state: {
      recipe,
      configFile: initial?.configFile,
      base: {},
      overrides: initial?.overrides ?? [],
      device: initial?.device ?? options.lastDevice ?? 'auto',
      name: initial?.name === undefined ? '' : suggestName(initial.name, options.taken),
      hold: false,
    },
  };
  if (recipe !== undefined) await loadBase(form, recipe);
  // With the recipe chosen elsewhere that step is not asked again; a former launch opens at what is usually changed.
  const asked = chosen === undefined ? steps : steps.slice(1);
  const first = recipe === undefined || chosen !== undefined ? 0 : 2;
  const end = await runSteps(form, asked, {
    title: options.title,
    first,
    before: steps.length - asked.length,
    canLeave: chosen !== undefined,
  });
  return end === 'done' ? requestOf(form) : end === 'back' ? 'back' : undefined;
}

async function recipeStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { state } = form;
  const items = form.recipes.map((recipe) => ({
    label: recipe.title,
    description: recipe.id,
    detail: recipe.description,
    value: recipe,
  }));
  const answer = await pickStep({
    place,
    placeholder: 'What to train',
    items,
    active: ({ id }) => id === state.recipe?.id,
  });
  return endWith(answer, (recipe) => {
    if (recipe.id === state.recipe?.id) return;
    Object.assign(state, { recipe, configFile: undefined, overrides: [], name: '' });
  });
}

const browse = Symbol('browse');

async function configStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { state } = form;
  const recipe = state.recipe!;
  const { files } = await form.worker.call('configs.list', { folder: form.folder, recipe: recipe.id });
  const answer = await pickStep<string | typeof browse | undefined>({
    place,
    placeholder: 'Configuration to begin with',
    items: configItems(form.folder, files),
    active: (value) => value === state.configFile,
  });
  if (answer.kind !== 'value') return answer.kind;
  const file = answer.value === browse ? await browseForFile(form.folder) : answer.value;
  // A closed file dialog asks the same step again.
  if (answer.value === browse && file === undefined) return await configStep(form, place);
  if (file !== state.configFile) state.overrides = [];
  state.configFile = file as string | undefined;
  await loadBase(form, recipe);
  return 'next';
}

function configItems(folder: string, files: readonly ConfigFileInfo[]) {
  return [
    ...files.map((file) => ({
      label: file.title === '' ? path.basename(file.path) : file.title,
      description: path.relative(folder, file.path),
      iconPath: new vscode.ThemeIcon('settings-gear'),
      value: file.path as string | typeof browse | undefined,
    })),
    {
      label: 'Defaults',
      description: 'the recipe’s own values',
      iconPath: new vscode.ThemeIcon('circle-outline'),
      value: undefined,
    },
    {
      label: 'Other file…',
      description: 'a YAML file',
      iconPath: new vscode.ThemeIcon('folder-opened'),
      value: browse as typeof browse,
    },
  ];
}

async function browseForFile(folder: string): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: 'Configuration of the run',
    defaultUri: vscode.Uri.file(folder),
    filters: { YAML: ['yaml', 'yml'] },
    canSelectMany: false,
  });
  return chosen?.[0]?.fsPath;
}

/** The configuration before overrides, for the list of keys with their values. What is wrong in the file is said at the last step. */
async function loadBase(form: Form, recipe: RecipeInfo): Promise<void> {
  const { state } = form;
  if (state.configFile === undefined) state.base = resolveConfig(recipe.fields, {}).config;
  else {
    const preview = await form.worker.call('launch.preview', { ...requestOf(form), overrides: [] });
    state.base = preview.config;
  }
}

async function changesStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { state } = form;
  const fields: readonly ConfigField[] = state.recipe!.fields;
  const answer = await overridesStep(
    place,
    { fields, base: state.base, overrides: state.overrides },
    pathHelp(form.worker, form.folder),
  );
  return endWith(answer, (overrides) => {
    state.overrides = overrides;
  });
}

const deviceTexts: { readonly [D in DeviceChoice]: string } = {
  auto: 'the first that works, with the reason why the others do not',
  cuda: 'NVIDIA graphics card',
  webgpu: 'graphics card of any make, through WebGPU',
  dml: 'graphics card on Windows, through DirectML',
  coreml: 'Apple Core ML',
  cpu: 'this machine’s processor; the same seed gives the same bits',
};

async function deviceStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const items = deviceChoices.map((device) => ({ label: device, description: deviceTexts[device], value: device }));
  const answer = await pickStep({
    place,
    placeholder: 'Device to train on',
    items,
    active: (device) => device === form.state.device,
  });
  return endWith(answer, (device) => {
    form.state.device = device;
  });
}

async function nameStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { state, taken } = form;
  const value = state.name === '' ? suggestName(baseName(state), taken) : state.name;
  const answer = await textStep({
    place,
    prompt: 'Name of the run, and of its directory',
    value,
    problem: (name) => nameProblem(name, taken),
  });
  return endWith(answer, (name) => {
    state.name = name;
  });
}

function baseName({ configFile, recipe }: FormState): string {
  if (configFile === undefined) return recipe!.id;
  const stem = path
    .basename(configFile, path.extname(configFile))
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return stem === '' ? recipe!.id : stem;
}

async function lastStep(form: Form, place: StepPlace): Promise<StepEnd> {
  const { worker, documents, state } = form;
  for (;;) {
    const request = requestOf(form);
    const preview: LaunchPreview = await worker.call('launch.preview', request);
    const askMemory = (ended: AbortSignal) => worker.call('launch.memory', request, ended);
    const answer = await previewStep({ place, preview, device: state.device, documents, askMemory });
    if (answer.kind !== 'value') return answer.kind;
    if (typeof answer.value !== 'object') {
      state.hold = answer.value === 'hold';
      return 'next';
    }
    state.overrides = withOverride(state.overrides, 'batchSize', answer.value.batch);
  }
}

function withOverride(overrides: readonly string[], key: string, value: number): readonly string[] {
  return [...overrides.filter((override) => !override.startsWith(`${key}=`)), `${key}=${value}`];
}

function requestOf({ state, folder, runsFolder, requestId, initial }: Form): LaunchRequest {
  return {
    requestId,
    folder,
    runsFolder,
    recipe: state.recipe!.id,
    ...(state.configFile === undefined ? {} : { configFile: state.configFile }),
    overrides: state.overrides,
    device: state.device,
    ...(state.name === '' ? {} : { name: state.name }),
    ...(initial?.labels === undefined ? {} : { labels: initial.labels }),
    ...(state.hold ? { hold: true } : {}),
  };
}
