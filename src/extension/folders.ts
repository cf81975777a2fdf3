import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../base/errors.ts';

/** Paths of the workspace folders that lie on this machine's disk. Others (virtual file systems) hold nothing that a worker could read. */
export function diskFolders(): readonly string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => uri.fsPath);
}

/** Whether the path is the folder or lies in it. */
export function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}

/** The folder that a new run goes to: the only one, or the one that the person picks. Undefined when they changed their mind. */
export async function chooseFolder(): Promise<string | undefined> {
  const folders = diskFolders();
  if (folders.length === 0) {
    throw new AppError('bad-argument', 'No folder is open, so there is no place for runs.', {
      hint: 'Open a folder first.',
    });
  }
  if (folders.length === 1) return folders[0];
  const items = folders.map((folder) => ({ label: path.basename(folder), description: folder, folder }));
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Launch Training',
    placeHolder: 'Folder that the run belongs to',
  });
  return picked?.folder;
}

/** Throws where nothing may be started. */
export function demandTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new AppError(
    'not-trusted',
    'This workspace is not trusted, so Trainyard reads runs but starts and changes nothing.',
    {
      hint: 'Trust the workspace to launch, stop and resume.',
    },
  );
}
