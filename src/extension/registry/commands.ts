import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { Registry } from '../../domain/registry.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { App } from '../app.ts';
import { demandTrust } from '../folders.ts';
import { count } from '../ui/numbers.ts';
import { describeExperiment, experimentsOf, lineOfExperiment, type RegistryTreeNode } from './model.ts';

type Args = readonly unknown[];
type Change = WorkerMethods['registry.change']['params']['change'];

export async function markExperiments(app: App, ...args: Args): Promise<void> {
  await changeExperiments(app, args, 'mark');
}

export async function unmarkExperiments(app: App, ...args: Args): Promise<void> {
  await changeExperiments(app, args, 'unmark');
}

export async function markAllFailed(app: App, ...args: Args): Promise<void> {
  const registry = await chooseRegistry(app, args, 'Mark All Failed for Re-Run');
  if (registry !== undefined) await change(app, registry.file, 'mark-all-failed');
}

/** Makes the registry anew from the result files, after a question: what stands in it is replaced. */
export async function rebuildRegistry(app: App, ...args: Args): Promise<void> {
  const registry = await chooseRegistry(app, args, 'Rebuild Registry');
  if (registry === undefined) return;
  const detail =
    'Status and metrics are read again from the results on disk. The file is replaced in one step, under its own lock.';
  const answer = await vscode.window.showWarningMessage(
    `Rebuild ${path.basename(registry.file)}?`,
    { modal: true, detail },
    'Rebuild',
  );
  if (answer === 'Rebuild') await change(app, registry.file, 'rebuild');
}

/** Reads the registry again and says what does not fit. */
export async function validateRegistry(app: App, ...args: Args): Promise<void> {
  const chosen = await chooseRegistry(app, args, 'Validate Registry');
  if (chosen === undefined) return;
  const parts = await app.launching.parts();
  const registry = (await parts.registries()).find(({ file }) => file === chosen.file) ?? chosen;
  const name = path.basename(registry.file);
  if (registry.problems.length === 0) {
    void vscode.window.showInformationMessage(`${name} fits: ${count(registry.experiments.length, 'experiment')}.`);
    return;
  }
  const lines = registry.problems.map((problem) => `- ${problem}`);
  await app.documents.showMarkdown(`${name} problems.md`, [`# ${name}`, '', ...lines, ''].join('\n'));
}

/** Opens the registry at the line of the experiment. */
export async function openExperiment(app: App, ...args: Args): Promise<void> {
  const place = placeOf(args[0]);
  if (place === undefined) {
    const registry = await chooseRegistry(app, args, 'Open Registry');
    if (registry !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(registry.file));
    return;
  }
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(place.file));
  const line = place.name === undefined ? undefined : lineOfExperiment(document.getText(), place.name);
  const range = line === undefined ? undefined : new vscode.Range(line, 0, line, 0);
  await vscode.window.showTextDocument(document, {
    preview: true,
    ...(range === undefined ? {} : { selection: range }),
  });
}

async function changeExperiments(app: App, args: Args, how: 'mark' | 'unmark'): Promise<void> {
  const nodes = experimentsOf(rowsOf(args));
  const chosen = nodes.length > 0 ? nodes : await pickExperiments(app, how);
  const files = new Map<string, string[]>();
  for (const { registry, experiment } of chosen)
    files.set(registry.file, [...(files.get(registry.file) ?? []), experiment.name]);
  for (const [file, experiments] of files) await change(app, file, how, experiments);
}

async function pickExperiments(app: App, how: 'mark' | 'unmark') {
  const parts = await app.launching.parts();
  const registries = await parts.registries();
  const nodes = experimentsOf(registries.map((registry) => ({ kind: 'registry', registry })));
  const fitting = nodes.filter(({ experiment }) => experiment.markedForRerun === (how === 'unmark'));
  const items = fitting.map((node) => ({
    label: node.experiment.name,
    description: `${node.experiment.status} ${describeExperiment(node.experiment)}`.trim(),
    node,
  }));
  const title = how === 'mark' ? 'Mark for Re-Run' : 'Take Mark Away';
  const picked = await vscode.window.showQuickPick(items, { title, canPickMany: true, matchOnDescription: true });
  return (picked ?? []).map(({ node }) => node);
}

async function change(app: App, file: string, how: Change, experiments?: readonly string[]): Promise<void> {
  demandTrust();
  const { changed } = await app.worker.call('registry.change', {
    file,
    change: how,
    ...(experiments === undefined ? {} : { experiments }),
  });
  const parts = await app.launching.parts();
  parts.registry.refresh();
  vscode.window.setStatusBarMessage(
    changed.length === 0
      ? 'Nothing had to be changed'
      : `${count(changed.length, 'experiment')} changed in ${path.basename(file)}`,
    5000,
  );
}

/** The registry of the row that was given, else the only one, else the one that the person picks. */
async function chooseRegistry(app: App, args: Args, title: string): Promise<Registry | undefined> {
  const [row] = rowsOf(args);
  if (row !== undefined) return row.registry;
  const parts = await app.launching.parts();
  const registries = await parts.registries();
  if (registries.length === 0) {
    throw new AppError('not-found', 'There is no registry of experiments here.', {
      hint: 'Name its file under "registries:" in trainyard.yaml.',
    });
  }
  if (registries.length === 1) return registries[0];
  const items = registries.map((registry) => ({
    label: path.basename(registry.file),
    description: registry.file,
    registry,
  }));
  return (await vscode.window.showQuickPick(items, { title }))?.registry;
}

/** Menus give the row and, with several selected, all selected rows. */
function rowsOf([first, second]: Args): readonly RegistryTreeNode[] {
  const rows = Array.isArray(second) && second.length > 0 ? second : [first];
  return rows.filter((row) => typeof row === 'object' && row !== null && 'registry' in row) as RegistryTreeNode[];
}

function placeOf(given: unknown): { readonly file: string; readonly name?: string } | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { file, name } = given as { file?: unknown; name?: unknown };
  if (typeof file === 'string') return { file, ...(typeof name === 'string' ? { name } : {}) };
  const { registry, experiment } = given as Partial<Extract<RegistryTreeNode, { kind: 'experiment' }>>;
  return registry === undefined
    ? undefined
    : { file: registry.file, ...(experiment === undefined ? {} : { name: experiment.name }) };
}
