import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { App } from '../app.ts';
import { demandTrust, diskFolders, isWithin } from '../folders.ts';
import { planCommand } from '../launch/entrance.ts';
import { kindIcons, placeOf } from '../launch/entryRows.ts';
import { startPlan } from '../launch/start.ts';

type Args = readonly unknown[];

/** Launches an entry point as it stands, after a look at the exact command. */
export async function launchEntry(app: App, ...args: Args): Promise<string | undefined> {
  return await launchNamed(app, args, true);
}

/** Launches an entry point through the whole form. */
export async function launchEntryWith(app: App, ...args: Args): Promise<string | undefined> {
  return await launchNamed(app, args, false);
}

/** Launches what stands in a file: from the explorer, the editor's title or its tab. */
export async function launchFile(app: App, ...args: Args): Promise<string | undefined> {
  demandTrust();
  const uri = args[0] instanceof vscode.Uri ? args[0] : vscode.window.activeTextEditor?.document.uri;
  const folder = uri === undefined ? undefined : diskFolders().find((one) => isWithin(one, uri.fsPath));
  if (uri === undefined || folder === undefined) {
    throw new AppError('bad-argument', 'Choose a file of the workspace.', {
      hint: 'Open a training script, or right-click it in the Explorer.',
    });
  }
  const { entries } = await app.worker.call('entries.list', { folder });
  const own = entries.filter(({ file }) => file === uri.fsPath);
  const entry = own.length > 1 ? await pickEntry(own, folder) : own[0];
  if (own.length > 1 && entry === undefined) return undefined;
  if (entry !== undefined) return await launchOne(app, folder, entry, false);
  const command = commandOf(uri.fsPath, folder);
  if (command === undefined) {
    throw new AppError('not-found', `${path.basename(uri.fsPath)} holds nothing that can be launched.`, {
      hint: 'Name its command under "entries:" in trainyard.yaml.',
    });
  }
  const initial = { folder, command: [command[0]!], arguments: command.slice(1), target: { name: 'local' } };
  const plan = await planCommand(app, folder, `Launch ${path.basename(uri.fsPath)}`, { initial });
  return plan === undefined || plan === 'back' ? undefined : await startPlan(app, plan);
}

async function launchNamed(app: App, args: Args, straight: boolean): Promise<string | undefined> {
  demandTrust();
  const [id, , file] = args;
  const folders = typeof file === 'string' ? diskFolders().filter((folder) => isWithin(folder, file)) : diskFolders();
  for (const folder of folders) {
    const { entries } = await app.worker.call('entries.list', { folder });
    const entry = entries.find((one) => one.id === id);
    if (entry !== undefined) return await launchOne(app, folder, entry, straight);
  }
  throw new AppError('not-found', 'That entry point is not in the workspace any more.', {
    hint: 'Use "Launch Training" to see all there are.',
  });
}

async function launchOne(app: App, folder: string, entry: EntryPoint, straight: boolean): Promise<string | undefined> {
  const plan = await planCommand(app, folder, `Launch ${entry.title}`, { entry, straight });
  return plan === undefined || plan === 'back' ? undefined : await startPlan(app, plan);
}

async function pickEntry(entries: readonly EntryPoint[], folder: string): Promise<EntryPoint | undefined> {
  const items = entries.map((entry) => ({
    label: `$(${kindIcons[entry.kind]}) ${entry.title}`,
    description: placeOf(entry, folder),
    detail: entry.reason,
    entry,
  }));
  return (await vscode.window.showQuickPick(items, { title: 'Launch This File', placeHolder: 'What in it' }))?.entry;
}

/** The usual command for a file that is no entry point by itself; the person sees and changes it before anything starts. */
function commandOf(file: string, folder: string): readonly string[] | undefined {
  const relative = path.relative(folder, file);
  if (file.endsWith('.py')) return ['python', relative];
  if (/\.(sh|bash)$/.test(file)) return ['bash', relative];
  return undefined;
}
