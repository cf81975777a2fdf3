import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import { placeKey } from '../../domain/records.ts';
import type { RunDetail, RunSummary, SourceOfRun } from '../../domain/run.ts';
import type { App } from '../app.ts';
import { sourceLooks } from '../runs/sources.ts';
import { textArgument } from './arguments.ts';
import { chooseRun, chooseRuns } from './chooseRuns.ts';

type Args = readonly unknown[];

/** Makes a place that was taken for part of a run a run of its own again. Scripted: `(runId, placeKey)`, or `(runId, 'all')`. */
export async function splitRun(app: App, ...args: Args): Promise<readonly string[] | undefined> {
  const run = await chooseRun(app, args, {
    title: 'Split Run',
    accepts: ({ places = 1 }) => places > 1,
    refusal: 'it was read from one place only, so there is nothing to split.',
  });
  if (run === undefined) return undefined;
  const chosen = textArgument(args) ?? (await pickPart(run, await detailOf(app, run)));
  if (chosen === undefined) return undefined;
  const part = chosen === 'all' ? {} : { part: chosen };
  const { runs } = await app.worker.call('runs.split', { runId: run.id, ...part });
  vscode.window.setStatusBarMessage(`$(split-horizontal) ${run.name} is ${runs.length} runs now`, 5000);
  return runs.map(({ id }) => id);
}

async function pickPart(run: RunSummary, { sources = [] }: RunDetail): Promise<string | undefined> {
  const [, ...parts] = sources;
  const everything = {
    label: '$(split-horizontal) Every place by itself',
    description: `${sources.length} runs`,
    key: 'all',
  };
  const items = parts.map((part) => ({ ...placeItem(part), key: placeKey(part) }));
  const options = { title: `Split ${run.name}`, placeHolder: 'Place that is a run of its own' };
  const rows = items.length > 1 ? [...items, everything] : items;
  return (await vscode.window.showQuickPick(rows, { ...options, matchOnDescription: true }))?.key;
}

/** Makes several runs one: the first that was selected, with the others as places where it was logged, too. Nothing on the disk changes. */
export async function mergeRuns(app: App, ...args: Args): Promise<string | undefined> {
  const runs = await chooseRuns(app, args, { title: 'Merge Runs', many: true });
  const [first, ...others] = runs;
  if (first === undefined) return undefined;
  if (others.length === 0) {
    throw new AppError('bad-argument', 'One run alone cannot be merged.', {
      hint: 'Select two rows or more of the Runs view that are the same training.',
    });
  }
  const merged = await app.worker.call('runs.merge', { runIds: runs.map(({ id }) => id) });
  void offerUndo(app, merged, runs.length);
  return merged.id;
}

async function offerUndo(app: App, merged: RunSummary, count: number): Promise<void> {
  const undo = 'Undo';
  const answer = await vscode.window.showInformationMessage(`${count} runs are one now: ${merged.name}.`, undo);
  if (answer === undo) await app.worker.call('runs.split', { runId: merged.id });
}

/** Opens the file that the run's configuration was read from. Scripted: `(runId, file name)`. */
export async function openConfiguration(app: App, ...args: Args): Promise<string | undefined> {
  const run = await chooseRun(app, args, { title: 'Open Original Configuration' });
  if (run === undefined) return undefined;
  const { configFiles = [] } = await detailOf(app, run);
  if (configFiles.length === 0) {
    throw new AppError('not-found', `${run.name} has no configuration in a file of its own.`, {
      hint: 'What is known of its configuration stands in the tooltip of its row.',
    });
  }
  const items = configFiles.map((file) => ({ label: `$(gear) ${path.basename(file)}`, description: file, file }));
  const named = items.find(({ file }) => path.basename(file) === textArgument(args));
  const picked = named ?? (await only(items, { title: `Configuration of ${run.name}`, placeHolder: 'File' }));
  if (picked !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(picked.file), { preview: true });
  return picked?.file;
}

/** Opens what the program printed, wherever its tracker keeps it, and follows it. Scripted: `(runId, title)`. */
export async function openConsole(app: App, ...args: Args): Promise<void> {
  const run = await chooseRun(app, args, { title: 'Open Console Log' });
  if (run === undefined) return;
  const { console: logs = [] } = await detailOf(app, run);
  if (logs.length === 0) {
    if (run.source === 'trainyard') return await app.logs.show(run);
    throw new AppError('not-found', `${run.name} has no console log: ${sourceLooks[run.source].title} kept none.`);
  }
  const items = logs.map(({ title, file, encoding }, log) => ({
    label: `$(output) ${title}`,
    description: encoding === 'wandb' ? `inside ${path.basename(file)}` : file,
    title,
    log,
  }));
  const named = items.find(({ title }) => title === textArgument(args));
  const picked = named ?? (await only(items, { title: `Console of ${run.name}`, placeHolder: 'Log' }));
  if (picked !== undefined) await app.logs.show(run, picked);
}

/** Shows a place that the run was read from: in the Explorer where it lies in the workspace, else in the system's file manager. */
export async function revealSource(app: App, ...args: Args): Promise<string | undefined> {
  const run = await chooseRun(app, args, { title: 'Reveal Source' });
  if (run === undefined) return undefined;
  const { sources = [{ source: run.source, path: run.path, why: '', tags: 0 }] } = await detailOf(app, run);
  const picked = await only(sources.map(placeItem), { title: `Sources of ${run.name}`, placeHolder: 'Place' });
  if (picked === undefined) return undefined;
  const uri = vscode.Uri.file(picked.path);
  const inWorkspace = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(inWorkspace ? 'revealInExplorer' : 'revealFileInOS', uri);
  return picked.path;
}

function placeItem({ source, path: place, key, why }: SourceOfRun) {
  const { icon, short } = sourceLooks[source];
  const detail = [key === undefined ? '' : key, why].filter((part) => part !== '').join(' · ');
  return { label: `$(${icon}) ${short}`, description: place, path: place, ...(detail === '' ? {} : { detail }) };
}

function detailOf(app: App, run: RunSummary): Promise<RunDetail> {
  return app.worker.call('runs.get', { runId: run.id });
}

/** The one that there is, or the one that the person picks. */
async function only<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: vscode.QuickPickOptions,
): Promise<T | undefined> {
  if (items.length === 1) return items[0];
  return await vscode.window.showQuickPick(items, { ...options, matchOnDescription: true });
}
