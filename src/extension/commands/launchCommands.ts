import path from 'node:path';
import * as vscode from 'vscode';
import { type DeviceChoice, deviceChoices } from '../../domain/device.ts';
import type { LaunchRequest } from '../../domain/launch.ts';
import type { App } from '../app.ts';
import { chooseFolder, demandTrust, isWithin } from '../folders.ts';
import { askForLaunch } from '../launch/form.ts';
import { setting } from '../settings.ts';
import { chooseRun } from './chooseRuns.ts';
import { inRunsView } from './runCommands.ts';

const LAST_DEVICE = 'trainyard.lastDevice';

/**
 * Launches training. Called with a request (`{ recipe, configFile?, overrides?, device?, name? }`, from a key binding, a task or a test) it starts at
 * once; otherwise it asks step by step. Gives the id of the run, or undefined when the person gave up.
 */
export async function launch(app: App, ...args: readonly unknown[]): Promise<string | undefined> {
  demandTrust();
  const scripted = scriptedRequest(args[0]);
  const folder = scripted?.folder ?? (await chooseFolder());
  if (folder === undefined) return undefined;
  if (scripted !== undefined) return await start(app, { runsFolder: runsFolderOf(folder), ...scripted, folder });
  const request = await ask(app, folder, 'Launch Training');
  return request === undefined ? undefined : await start(app, request);
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
  const former = await app.worker.call('runs.launchRequest', { runId: run.id });
  const request = await ask(app, former.folder, `Run ${run.name} Again`, former);
  return request === undefined ? undefined : await start(app, request);
}

async function ask(
  app: App,
  folder: string,
  title: string,
  initial?: LaunchRequest,
): Promise<LaunchRequest | undefined> {
  await app.feed.load();
  const names = [...app.feed.runs.values()]
    .filter((run) => isWithin(folder, run.path))
    .map((run) => path.basename(run.path));
  const lastDevice = deviceChoices.find((device) => device === app.context.workspaceState.get(LAST_DEVICE));
  return await askForLaunch({
    worker: app.worker,
    documents: app.documents,
    folder,
    runsFolder: initial?.runsFolder ?? runsFolderOf(folder),
    title,
    taken: new Set(names),
    ...(initial === undefined ? {} : { initial }),
    ...(lastDevice === undefined ? {} : { lastDevice }),
  });
}

function runsFolderOf(folder: string): string {
  return setting('runsFolder', vscode.Uri.file(folder));
}

async function start(app: App, request: LaunchRequest): Promise<string> {
  const { runId } = await inRunsView(() => app.worker.call('launch.start', request));
  void app.context.workspaceState.update(LAST_DEVICE, request.device);
  void app.runs.revealNew(runId).catch(() => undefined);
  return runId;
}

/** A request given by a program, completed; undefined where the argument is none (menus give rows). */
function scriptedRequest(given: unknown): (Omit<LaunchRequest, 'folder'> & { readonly folder?: string }) | undefined {
  if (typeof given !== 'object' || given === null || typeof (given as { recipe?: unknown }).recipe !== 'string')
    return undefined;
  const asked = given as Partial<LaunchRequest> & { readonly recipe: string };
  const device: DeviceChoice = deviceChoices.find((one) => one === asked.device) ?? 'auto';
  return { ...asked, requestId: asked.requestId ?? crypto.randomUUID(), overrides: asked.overrides ?? [], device };
}

/** Opens the pages that lead through the first run. */
export async function openWalkthrough(app: App): Promise<void> {
  const { id } = app.context.extension;
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${id}#trainyard.start`, false);
}
