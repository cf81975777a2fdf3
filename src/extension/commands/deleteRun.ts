import * as vscode from 'vscode';
import { isActive, type RunSummary } from '../../domain/run.ts';
import type { App } from '../app.ts';
import { demandTrust } from '../folders.ts';
import { textArgument } from './arguments.ts';
import { chooseRuns } from './chooseRuns.ts';

/** Runs whose folder Trainyard made, on this machine, and in which nothing is at work. */
const canDelete = ({ source, status, target }: RunSummary): boolean =>
  source === 'trainyard' && !isActive(status) && (target === undefined || target === 'local');

/** Moves the folders of runs into the trash after a question; on a server, which has none, deletes them. Scripted: `(runId, 'delete')` asks nothing. */
export async function deleteRun(app: App, ...args: readonly unknown[]): Promise<void> {
  demandTrust();
  const refusal =
    'only runs of Trainyard on this machine that have ended can be deleted. Archive takes any run out of the list.';
  const runs = await chooseRuns(app, args, { title: 'Delete Run', accepts: canDelete, refusal, many: true });
  if (runs.length === 0) return;
  if (textArgument(args) !== 'delete' && !(await isAgreed(runs))) return;
  for (const { path } of runs) {
    await vscode.workspace.fs.delete(vscode.Uri.file(path), { recursive: true, useTrash: hasTrash() });
  }
  await Promise.all(
    [...new Set(runs.map(({ root }) => root))].map((folder) => app.worker.call('folder.refresh', { folder })),
  );
}

async function isAgreed(runs: readonly RunSummary[]): Promise<boolean> {
  const what = runs.length === 1 ? `the run ${runs[0]!.name}` : `${runs.length} runs`;
  const where = hasTrash() ? 'The folder goes to the trash' : 'The folder is deleted for good';
  const detail = `${runs.map(({ path }) => path).join('\n')}\n\n${where}, with configuration, metrics, samples, checkpoints and model. Archive takes a run out of the list and keeps them.`;
  const answer = await vscode.window.showWarningMessage(`Delete ${what}?`, { modal: true, detail }, 'Delete');
  return answer === 'Delete';
}

/** Servers have none. */
function hasTrash(): boolean {
  return vscode.env.remoteName === undefined;
}
