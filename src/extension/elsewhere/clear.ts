import * as vscode from 'vscode';
import { describeError } from '../../base/errors.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { RemoteFile } from '../../domain/target.ts';
import type { App } from '../app.ts';
import { runIdsOf } from '../commands/arguments.ts';
import { chooseRuns } from '../commands/chooseRuns.ts';
import { describeRun } from '../runs/present.ts';
import { formatSize } from '../ui/numbers.ts';
import { clearable, lossOf, oldRuns } from './model.ts';

/** Removes what ended runs left on other machines, after a question that says what is lost. Gives how many were removed. */
export async function clearRemote(app: App, ...args: readonly unknown[]): Promise<number | undefined> {
  const runs = runIdsOf(args).length > 0 ? await named(app, args) : await pickOld(app);
  if (runs.length === 0) return undefined;
  const files = await Promise.all(
    runs.map(({ id }) => app.worker.call('remoteFiles.list', { runId: id }).then((answer) => answer.files)),
  );
  if (!(await confirm(runs, files.flat()))) return undefined;
  return await clearAll(app, runs);
}

function named(app: App, args: readonly unknown[]): Promise<readonly RunSummary[]> {
  return chooseRuns(app, args, {
    title: 'Remove From Its Machine',
    accepts: clearable,
    refusal: 'only what ended on another machine can be removed from there.',
    many: true,
  });
}

/** Every run that left something on another machine; those that ended long ago are ticked. */
async function pickOld(app: App): Promise<readonly RunSummary[]> {
  await app.feed.load();
  const runs = [...app.feed.runs.values()].filter(clearable).sort((a, b) => a.createdAt - b.createdAt);
  if (runs.length === 0) {
    void vscode.window.showInformationMessage('No run has left anything on another machine.');
    return [];
  }
  const old = new Set(oldRuns(runs, Date.now() / 1000));
  const items = runs.map((run) => ({
    label: run.name,
    description: `${run.target} · ${describeRun(run)}`,
    picked: old.has(run),
    run,
  }));
  const title = 'Remove From Their Machines';
  const placeHolder = 'What ended more than 30 days ago is ticked';
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder, canPickMany: true });
  return (picked ?? []).map(({ run }) => run);
}

async function confirm(runs: readonly RunSummary[], files: readonly RemoteFile[]): Promise<boolean> {
  const what = runs.length === 1 ? `the folder of ${runs[0]!.name}` : `the folders of ${runs.length} runs`;
  const where = [...new Set(runs.map(({ target }) => target))].join(', ');
  const detail = `${lossOf(files)} What is on this machine stays: log, metrics, fetched files.`;
  return (
    (await vscode.window.showWarningMessage(`Remove ${what} from ${where}?`, { modal: true, detail }, 'Remove')) ===
    'Remove'
  );
}

async function clearAll(app: App, runs: readonly RunSummary[]): Promise<number> {
  let bytes = 0;
  let cleared = 0;
  const troubles: string[] = [];
  const options = { location: vscode.ProgressLocation.Notification, title: 'Removing from other machines' };
  await vscode.window.withProgress(options, async (progress) => {
    for (const run of runs) {
      progress.report({ increment: 100 / runs.length, message: run.name });
      try {
        bytes += (await app.worker.call('remoteFiles.clear', { runId: run.id })).bytes;
        cleared += 1;
      } catch (error) {
        troubles.push(`${run.name}: ${describeError(error)}`);
      }
    }
  });
  const sentence = `${cleared} of ${runs.length} removed, ${formatSize(bytes)} freed.`;
  if (troubles.length > 0) void vscode.window.showWarningMessage([sentence, ...troubles].join(' '));
  else void vscode.window.showInformationMessage(sentence);
  return cleared;
}
