import path from 'node:path';
import * as vscode from 'vscode';
import type { CommandLaunchRequest, CommandPreview } from '../../domain/commandLaunch.ts';
import { type DeviceChoice, deviceChoices } from '../../domain/device.ts';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { LaunchRequest } from '../../domain/launch.ts';
import type { Pipeline } from '../../domain/project.ts';
import type { SweepRequest } from '../../domain/sweep.ts';
import type { App } from '../app.ts';
import { isWithin } from '../folders.ts';
import { setting } from '../settings.ts';
import { askForCommand, type CommandFormOptions } from './commandForm.ts';
import { type Chosen, entranceStep, MEMORY } from './entranceStep.ts';
import { askForLaunch } from './form.ts';
import { type KeptItem, lastOfEntry, readMemory } from './history.ts';

/** What a person decided to start. */
export type LaunchPlan =
  | { readonly kind: 'recipe'; readonly request: LaunchRequest; readonly title: string }
  | { readonly kind: 'command'; readonly request: CommandLaunchRequest; readonly title: string }
  | {
      readonly kind: 'sweep';
      readonly request: SweepRequest;
      /** The launch with the sweep in its arguments, as it was typed. */
      readonly typed: CommandLaunchRequest;
      readonly title: string;
    }
  | { readonly kind: 'pipeline'; readonly folder: string; readonly pipeline: Pipeline };

export const LAST_DEVICE = 'trainyard.lastDevice';

/** Asks what to launch and how, from everything that can be launched in the folder. Undefined when the person gave up. Nothing starts here. */
export async function askWhatToLaunch(app: App, folder: string, title: string): Promise<LaunchPlan | undefined> {
  for (;;) {
    const chosen = await entranceStep(app, folder, title);
    if (chosen === undefined) return undefined;
    const plan = await planFor(app, chosen, title);
    if (plan !== 'back') return plan;
  }
}

async function planFor(
  app: App,
  { choice, launchables }: Chosen,
  title: string,
): Promise<LaunchPlan | 'back' | undefined> {
  const { folder, entries } = launchables;
  switch (choice.kind) {
    case 'problem':
      return 'back';
    case 'pipeline':
      return { kind: 'pipeline', folder, pipeline: choice.pipeline };
    case 'recipe':
      return await planRecipe(app, folder, title, { recipe: choice.recipe });
    case 'entry':
      return await planCommand(app, folder, `${title}: ${choice.entry.title}`, { entry: choice.entry, canLeave: true });
    case 'ownCommand':
      return await planCommand(app, folder, title, { canLeave: true });
    case 'kept':
      return await planKept(app, choice.item, title, entries);
  }
}

async function planKept(
  app: App,
  { launch, title: name }: KeptItem,
  title: string,
  entries: readonly EntryPoint[],
): Promise<LaunchPlan | 'back' | undefined> {
  const { folder } = launch.request;
  if (launch.kind === 'recipe')
    return await planRecipe(app, folder, title, { initial: { ...launch.request, requestId: '' } });
  const entry = entries.find(({ id }) => id === launch.request.entry);
  if (entry === undefined && launch.request.entry !== undefined) {
    void vscode.window.showWarningMessage(`${name} is not in the folder any more, or is no entry point now.`);
    return 'back';
  }
  return await planCommand(app, folder, `${title}: ${name}`, {
    ...(entry === undefined ? {} : { entry }),
    initial: launch.request,
    straight: true,
    canLeave: true,
  });
}

/** Asks how a recipe is launched. */
export async function planRecipe(
  app: App,
  folder: string,
  title: string,
  more: Pick<Parameters<typeof askForLaunch>[0], 'recipe' | 'initial'>,
): Promise<LaunchPlan | 'back' | undefined> {
  const { taken } = await namesAndMetrics(app, folder);
  const lastDevice: DeviceChoice | undefined = deviceChoices.find(
    (device) => device === app.context.workspaceState.get(LAST_DEVICE),
  );
  const request = await askForLaunch({
    worker: app.worker,
    documents: app.documents,
    folder,
    runsFolder: more.initial?.runsFolder ?? runsFolderOf(folder),
    title,
    taken,
    ...more,
    ...(lastDevice === undefined ? {} : { lastDevice }),
  });
  if (request === undefined || request === 'back') return request;
  return { kind: 'recipe', request, title: request.recipe };
}

/** Asks how an entry point or a command of one's own is launched. */
export async function planCommand(
  app: App,
  folder: string,
  title: string,
  more: Pick<CommandFormOptions, 'entry' | 'initial' | 'straight' | 'canLeave'>,
): Promise<LaunchPlan | 'back' | undefined> {
  const memory = readMemory(app.context.workspaceState.get(MEMORY));
  const { entry } = more;
  const initial = more.initial ?? startOf(memory, entry);
  const result = await askForCommand({
    worker: app.worker,
    documents: app.documents,
    folder,
    runsFolder: initial?.runsFolder ?? runsFolderOf(folder),
    title,
    ...(await namesAndMetrics(app, folder)),
    ...more,
    ...(initial === undefined ? {} : { initial }),
    former: formerLines(memory, entry),
    showChanges: (preview) => showChanges(app, preview),
  });
  if (result.kind === 'cancelled') return undefined;
  if (result.kind === 'back') return 'back';
  const request = result.kind === 'sweep' ? result.request.launch : result.request;
  const name = entry?.title ?? path.basename(request.command?.[0] ?? '');
  return result.kind === 'sweep'
    ? { kind: 'sweep', request: result.request, typed: result.typed, title: name }
    : { kind: 'command', request: result.request, title: name };
}

/** A new launch of an entry begins with the target of its last one; what was changed then is offered, not taken. */
function startOf(memory: ReturnType<typeof readMemory>, entry: EntryPoint | undefined) {
  const last = entry === undefined ? undefined : lastOfEntry(memory, entry.id);
  return last === undefined ? undefined : { ...last, arguments: entry?.takes === 'hydra' ? [] : last.arguments };
}

function formerLines(
  memory: ReturnType<typeof readMemory>,
  entry: EntryPoint | undefined,
): readonly (readonly string[])[] {
  const lines = memory.history.flatMap(({ launch }) => {
    if (launch.kind !== 'command' || launch.request.entry !== entry?.id) return [];
    const words = [...(launch.request.command ?? []), ...launch.request.arguments];
    return words.length === 0 ? [] : [words];
  });
  return lines.slice(0, 8);
}

async function namesAndMetrics(app: App, folder: string): Promise<{ taken: ReadonlySet<string>; metrics: string[] }> {
  await app.feed.load();
  const runs = [...app.feed.runs.values()].filter((run) => isWithin(folder, run.path));
  const tags = runs.flatMap(({ metrics }) => metrics.map(({ tag }) => tag));
  return { taken: new Set(runs.map((run) => path.basename(run.path))), metrics: [...new Set(tags)] };
}

export function runsFolderOf(folder: string): string {
  return setting('runsFolder', vscode.Uri.file(folder));
}

/** Opens the configuration that would run beside that of the last run of the same entry. */
async function showChanges(app: App, preview: CommandPreview): Promise<void> {
  const { showConfigChanges } = await import('../compare/documents.ts');
  await showConfigChanges(app, preview);
}
