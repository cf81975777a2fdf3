import * as vscode from 'vscode';
import type { App } from '../app.ts';

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
  const path = (row as { checkpoint?: { path?: unknown } } | undefined)?.checkpoint?.path;
  return typeof path === 'string' ? path : undefined;
}
