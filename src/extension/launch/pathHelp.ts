import path from 'node:path';
import * as vscode from 'vscode';
import type { ConfigField, PathContent } from '../../domain/config.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { WorkerEvents, WorkerMethods } from '../../protocol/worker.ts';
import { isWithin } from '../folders.ts';
import type { PathHelp } from './overridesStep.ts';

/** Endings that a dialog shows first, for kinds that have one. */
const filters: { readonly [K in PathContent]?: Readonly<Record<string, string[]>> } = {
  onnx: { ONNX: ['onnx'] },
  tokenizer: { Tokenizer: ['json'] },
  records: { 'JSON lines': ['jsonl', 'ndjson'] },
};

/** Finds paths in a folder, and columns of data, with the worker, and asks for others with VS Code's dialogs. */
export function pathHelp(worker: RpcClient<WorkerMethods, WorkerEvents>, folder: string): PathHelp {
  return {
    find: async (holds) => (await worker.call('data.find', { folder, holds })).places,
    columns: (data) => worker.call('data.columns', { folder, ...data }),
    browse: async (field, wanted) => {
      const chosen = await vscode.window.showOpenDialog(dialogOf(field, wanted, folder));
      const place = chosen?.[0]?.fsPath;
      return place === undefined ? undefined : writtenPath(folder, place);
    },
  };
}

function dialogOf(field: ConfigField, wanted: 'file' | 'folder', folder: string): vscode.OpenDialogOptions {
  const shown = field.holds === undefined ? undefined : filters[field.holds];
  return {
    title: `${wanted === 'file' ? 'File' : 'Folder'} for ${field.key}`,
    openLabel: 'Choose',
    defaultUri: vscode.Uri.file(folder),
    canSelectFiles: wanted === 'file',
    canSelectFolders: wanted === 'folder',
    canSelectMany: false,
    ...(shown === undefined || wanted === 'folder' ? {} : { filters: { ...shown, 'All files': ['*'] } }),
  };
}

/** Paths below the folder are kept relative to it, so that a configuration holds on other machines, too. */
function writtenPath(folder: string, place: string): string {
  if (!isWithin(folder, place)) return place;
  return path.relative(folder, place).split(path.sep).join('/') || '.';
}
