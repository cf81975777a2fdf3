import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { RemoteFile } from '../../domain/target.ts';
import type { App } from '../app.ts';
import { chooseRun } from '../commands/chooseRuns.ts';
import { formatAge, formatSize } from '../ui/numbers.ts';

/** Brings a checkpoint or another file of a run here from the machine where it ran, and shows it. */
export async function fetchRemoteFile(app: App, ...args: readonly unknown[]): Promise<string | undefined> {
  const run = await chooseRun(app, args, {
    title: 'Fetch From Its Machine',
    accepts: ({ target }) => target !== undefined && target !== 'local',
    refusal: 'its files are on this machine.',
  });
  if (run === undefined) return undefined;
  const { files } = await app.worker.call('remoteFiles.list', { runId: run.id });
  if (files.length === 0) {
    throw new AppError('not-found', `No file of ${run.name} is known to have stayed on ${run.target}.`, {
      hint: 'Checkpoints are listed a while after they were written, when the machine is asked next.',
    });
  }
  const picked = await pickFile(run, files);
  if (picked === undefined) return undefined;
  const file = await fetchWithProgress(app, run, picked);
  const uri = vscode.Uri.file(file);
  const inWorkspace = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(inWorkspace ? 'revealInExplorer' : 'revealFileInOS', uri);
  return file;
}

async function pickFile(run: RunSummary, files: readonly RemoteFile[]): Promise<RemoteFile | undefined> {
  const now = Date.now() / 1000;
  const items = files.map((file) => ({
    label: `$(save) ${path.posix.basename(file.path)}`,
    description: describeFile(file, now),
    detail: file.path,
    file,
  }));
  const title = `Fetch From ${run.target}`;
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'File', matchOnDetail: true }))?.file;
}

function describeFile(file: RemoteFile, now: number): string {
  return `${formatSize(file.sizeBytes)} · ${formatAge(file.modifiedAt, now)}${file.here ? ' · here already' : ''}`;
}

/** A long way has its progress in a message. */
async function fetchWithProgress(app: App, run: RunSummary, { path: remote }: RemoteFile): Promise<string> {
  const options = { location: vscode.ProgressLocation.Notification, title: `Fetching ${path.posix.basename(remote)}` };
  return await vscode.window.withProgress(options, async (progress) => {
    let shown = 0;
    const listening = app.worker.on('remoteFiles.progress', (news) => {
      if (news.runId !== run.id || news.path !== remote || news.of <= 0) return;
      const percent = Math.floor((100 * news.bytes) / news.of);
      progress.report({ increment: percent - shown, message: `${formatSize(news.bytes)} of ${formatSize(news.of)}` });
      shown = percent;
    });
    try {
      return (await app.worker.call('remoteFiles.fetch', { runId: run.id, path: remote })).file;
    } finally {
      listening.dispose();
    }
  });
}
