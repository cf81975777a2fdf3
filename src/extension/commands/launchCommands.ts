import * as vscode from 'vscode';
import type { CommandLaunchRequest } from '../../domain/commandLaunch.ts';
import { type DeviceChoice, deviceChoices } from '../../domain/device.ts';
import type { LaunchRequest } from '../../domain/launch.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { App } from '../app.ts';
import { chooseFolder, demandTrust } from '../folders.ts';
import { askWhatToLaunch, planCommand, planRecipe, runsFolderOf } from '../launch/entrance.ts';
import { startPlan } from '../launch/start.ts';
import { chooseRun } from './chooseRuns.ts';

/**
 * Launches training. Called with a request (`{ recipe, … }` as in LaunchRequest or `{ entry | command, arguments, target, … }` as in CommandLaunchRequest, from a
 * key binding, a task or a test) it starts at once; otherwise it asks step by step. Gives the id of the run or sweep, or undefined when the person gave up.
 */
export async function launch(app: App, ...args: readonly unknown[]): Promise<string | undefined> {
  demandTrust();
  const recipe = scriptedRecipe(args[0]);
  const command = scriptedCommand(args[0]);
  const folder = recipe?.folder ?? command?.folder ?? (await chooseFolder());
  if (folder === undefined) return undefined;
  const place = { runsFolder: runsFolderOf(folder) };
  if (recipe !== undefined)
    return await startPlan(app, { kind: 'recipe', request: { ...place, ...recipe, folder }, title: recipe.recipe });
  if (command !== undefined) {
    const title = command.entry ?? command.command?.[0] ?? 'command';
    return await startPlan(app, { kind: 'command', request: { ...place, ...command, folder }, title });
  }
  const plan = await askWhatToLaunch(app, folder, 'Launch Training');
  return plan === undefined ? undefined : await startPlan(app, plan);
}

/** Opens the form with everything as it was in an earlier run. */
export async function runAgain(app: App, ...args: readonly unknown[]): Promise<string | undefined> {
  demandTrust();
  const run = await chooseRun(app, args, {
    title: 'Run Again With Changes',
    accepts: ({ source }) => source === 'trainyard',
    refusal: 'Trainyard did not launch it, so its command is not known.',
  });
  if (run === undefined) return undefined;
  const title = `Run ${run.name} Again`;
  if (run.recipe === undefined) return await commandAgain(app, run, title);
  const former = await app.worker.call('runs.launchRequest', { runId: run.id });
  const plan = await planRecipe(app, former.folder, title, { initial: former });
  return plan === undefined || plan === 'back' ? undefined : await startPlan(app, plan);
}

/** As `runAgain`, for a run of a command. `checkpoint` makes it go on from there. */
export async function commandAgain(
  app: App,
  run: RunSummary,
  title: string,
  checkpoint?: string,
): Promise<string | undefined> {
  const asked = { runId: run.id, ...(checkpoint === undefined ? {} : { checkpoint }) };
  const former = await app.worker.call('command.request', asked);
  const { entries } = await app.worker.call('entries.list', { folder: former.folder });
  const entry = entries.find(({ id }) => id === former.entry);
  const plan = await planCommand(app, former.folder, title, {
    ...(entry === undefined ? {} : { entry }),
    initial: former,
    straight: true,
  });
  return plan === undefined || plan === 'back' ? undefined : await startPlan(app, plan);
}

/** A request given by a program, completed; undefined where the argument is none (menus give rows). */
function scriptedRecipe(given: unknown): (Omit<LaunchRequest, 'folder'> & { readonly folder?: string }) | undefined {
  if (typeof given !== 'object' || given === null || typeof (given as { recipe?: unknown }).recipe !== 'string')
    return undefined;
  const asked = given as Partial<LaunchRequest> & { readonly recipe: string };
  const device: DeviceChoice = deviceChoices.find((one) => one === asked.device) ?? 'auto';
  return { ...asked, requestId: asked.requestId ?? crypto.randomUUID(), overrides: asked.overrides ?? [], device };
}

function scriptedCommand(
  given: unknown,
): (Omit<CommandLaunchRequest, 'folder'> & { readonly folder?: string }) | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const asked = given as Partial<CommandLaunchRequest>;
  if (!Array.isArray(asked.arguments) || (typeof asked.entry !== 'string' && !Array.isArray(asked.command)))
    return undefined;
  return {
    ...asked,
    requestId: asked.requestId ?? crypto.randomUUID(),
    arguments: asked.arguments,
    target: asked.target ?? { name: 'local' },
  };
}

/** Opens the pages that lead through the first run. */
export async function openWalkthrough(app: App): Promise<void> {
  const { id } = app.context.extension;
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${id}#trainyard.start`, false);
}
