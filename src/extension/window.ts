import path from 'node:path';
import * as vscode from 'vscode';
import type { Disposables } from '../base/disposables.ts';
import { describeError } from '../base/errors.ts';
import type { App } from './app.ts';
import { contextKeys } from './contributions.ts';
import { presentError } from './errors.ts';
import { diskFolders, isWithin } from './folders.ts';
import { Launching } from './launching.ts';
import { Journal } from './log/journal.ts';
import { RunLogs } from './log/runLogs.ts';
import { Notifications } from './notifications.ts';
import { Panels } from './panels/panels.ts';
import { RunsFeed } from './runs/feed.ts';
import { RunsView } from './runs/view.ts';
import { folderSettings, trackerFolders } from './settings.ts';
import { StatusBar } from './statusBar.ts';
import { Trees } from './trees.ts';
import { Documents } from './ui/documents.ts';
import type { LazyContent } from './ui/lazyContent.ts';
import type { Views } from './views.ts';
import { keepFeedCurrent } from './worker/currency.ts';
import { LazyLink } from './worker/lazyLink.ts';
import { workerOptions } from './worker/options.ts';

/** What the start has registered. */
export interface WindowShell {
  readonly context: vscode.ExtensionContext;
  /** Ends with the window. */
  readonly owned: Disposables;
  readonly views: Views;
  readonly documents: LazyContent;
  readonly logs: LazyContent;
}

/** Makes the parts of this window and fills the views. The worker and the code that reaches it wait for the first question. */
export function openWindow({ context, owned, views, ...content }: WindowShell): App {
  const output = new Journal(owned.add(vscode.window.createOutputChannel('Trainyard', { log: true })));
  const workerFile = path.join(context.extensionPath, 'dist', 'worker.cjs');
  const worker = owned.add(new LazyLink(() => workerOptions(context, workerFile)));
  logStates(owned, worker, output);

  const feed = owned.add(
    new RunsFeed({
      worker,
      folders: diskFolders,
      trackerFolders: () => trackerFolders(worker),
      settings: (folder) => folderSettings(vscode.Uri.file(folder)),
      trusted: () => vscode.workspace.isTrusted,
      contains: isWithin,
    }),
  );
  const runs = owned.add(
    new RunsView({
      view: views.get('runs'),
      feed,
      memento: context.workspaceState,
      detail: (runId) => worker.call('runs.get', { runId }),
    }),
  );
  const trees = owned.add(new Trees({ worker, feed, views, failed: (error) => presentError(output, 'Queue', error) }));
  const documents = owned.add(new Documents(content.documents));
  const logs = owned.add(new RunLogs({ worker, run: (runId) => feed.runs.get(runId), content: content.logs }));
  const panels = owned.add(
    new Panels({ extensionUri: context.extensionUri, worker, feed, memento: context.workspaceState }),
  );
  owned.add(new StatusBar(feed));
  owned.add(new Notifications({ worker, feed, claims: path.join(context.globalStorageUri.fsPath, 'ended') }));

  const launching = owned.add(new Launching(() => app));
  const app: App = {
    context,
    output,
    worker,
    feed,
    runs,
    ...trees.views,
    documents,
    logs,
    panels,
    launching,
    workerFile,
  };
  owned.add(keepFeedCurrent(app));
  launching.start();
  return app;
}

function logStates(owned: Disposables, worker: LazyLink, output: Journal): void {
  owned.add(
    worker.onState((state) => {
      void vscode.commands.executeCommand('setContext', contextKeys.link, state.kind);
      if (state.kind === 'failed') output.warn(`Worker: ${describeError(state.error)}`);
      else output.info(`Worker: ${state.message}`);
    }),
  );
}
