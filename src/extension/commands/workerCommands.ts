import * as vscode from 'vscode';
import type { DoctorCheck } from '../../domain/doctor.ts';
import type { App } from '../app.ts';
import { doctorMarkdown } from '../doctor/report.ts';
import { windowChecks, workerProblem } from '../doctor/windowChecks.ts';
import { diskFolders } from '../folders.ts';
import { inRunsView } from './runCommands.ts';

/** Ends the worker and starts it anew. Running jobs are not touched. */
export async function restartWorker(app: App): Promise<void> {
  await inRunsView(() => app.worker.restart());
  vscode.window.setStatusBarMessage('$(check) Trainyard worker restarted; running jobs went on', 5000);
}

/** Looks at everything that training needs, and shows a report with the next move for each problem. */
export async function doctor(app: App): Promise<void> {
  const options = {
    location: vscode.ProgressLocation.Window,
    title: '$(pulse) Trainyard Doctor looks at worker and devices',
  };
  const checks = await vscode.window.withProgress(options, async () => {
    const [own, worker] = await Promise.all([ownChecks(app), workerChecks(app)]);
    // Where both looked at the same thing, the worker knows it better.
    const known = new Set(worker.map(({ title }) => title));
    return [...own.filter(({ title }) => !known.has(title)), ...worker];
  });
  await app.documents.showMarkdown('Trainyard Doctor.md', doctorMarkdown({ checks }, new Date()));
}

async function workerChecks(app: App): Promise<readonly DoctorCheck[]> {
  const [folder] = diskFolders();
  try {
    return (await app.worker.call('doctor.run', folder === undefined ? {} : { folder })).checks;
  } catch (error) {
    return [workerProblem(error)];
  }
}

async function ownChecks(app: App): Promise<readonly DoctorCheck[]> {
  const { userWorkerPaths } = await import('../../client/index.ts');
  return await windowChecks({
    nodeVersion: process.versions.node,
    vscodeVersion: vscode.version,
    extensionVersion: String(app.context.extension.packageJSON.version),
    workerFile: app.workerFile,
    home: userWorkerPaths().home,
    trusted: vscode.workspace.isTrusted,
    folders: diskFolders(),
  });
}

/** Shows what this window and the worker have to tell about themselves. */
export async function showOutput(app: App): Promise<void> {
  const { userWorkerPaths } = await import('../../client/index.ts');
  const text = await app.output.report(userWorkerPaths().log);
  await app.documents.show('Trainyard.log', text);
}
