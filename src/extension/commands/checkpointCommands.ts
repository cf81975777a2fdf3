import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { App } from '../app.ts';
import { checkpointPage } from '../checkpoints/details.ts';
import { checkpointTitle, describeCheckpoint } from '../checkpoints/model.ts';
import { diskFolders } from '../folders.ts';

/** Shows what is in a checkpoint, without its numbers, as a page. Scripted: `(path)`. */
export async function openCheckpoint(app: App, row?: unknown): Promise<string | undefined> {
  const file = typeof row === 'string' ? row : (pathOf(row) ?? (await pickCheckpoint(app)));
  if (file === undefined) return undefined;
  const details = await app.worker.call('checkpoints.inspect', { path: file });
  const page = checkpointPage(details);
  await app.documents.showMarkdown(`${path.basename(file)}.md`, page);
  return page;
}

async function pickCheckpoint(app: App): Promise<string | undefined> {
  const lists = await Promise.all(diskFolders().map((folder) => app.worker.call('checkpoints.list', { folder })));
  const checkpoints = lists.flatMap((list) => list.checkpoints);
  if (checkpoints.length === 0) {
    throw new AppError('not-found', 'There are no checkpoints in this folder.', {
      hint: 'They appear while a run trains, and where other tools keep theirs (outputs/ckpts).',
    });
  }
  const now = Date.now() / 1000;
  const items = [...checkpoints]
    .sort((a, b) => b.modifiedAt - a.modifiedAt)
    .map((checkpoint) => ({
      label: `${checkpoint.runName ?? checkpoint.architecture} ${checkpointTitle(checkpoint)}`.trim(),
      description: describeCheckpoint(checkpoint, now),
      detail: checkpoint.path,
      path: checkpoint.path,
    }));
  const options = { title: 'Open Checkpoint Details', placeHolder: 'Checkpoint', matchOnDetail: true };
  return (await vscode.window.showQuickPick(items, options))?.path;
}

/** Shows the file of a checkpoint: in the Explorer where it lies in the workspace, else in the system's file manager. */
export async function revealCheckpoint(_app: App, row?: unknown): Promise<void> {
  const file = pathOf(row);
  if (file === undefined) return;
  const uri = vscode.Uri.file(file);
  const inWorkspace = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(inWorkspace ? 'revealInExplorer' : 'revealFileInOS', uri);
}

export async function copyCheckpointPath(_app: App, row?: unknown): Promise<void> {
  const file = pathOf(row);
  if (file === undefined) return;
  await vscode.env.clipboard.writeText(file);
  vscode.window.setStatusBarMessage('Path copied', 3000);
}

function pathOf(row: unknown): string | undefined {
  const place = (row as { checkpoint?: { path?: unknown } } | undefined)?.checkpoint?.path;
  return typeof place === 'string' ? place : undefined;
}
