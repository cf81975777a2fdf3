import { access } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { type Disposable, Disposables } from '../../base/disposables.ts';
import { describeError } from '../../base/errors.ts';
import type { App } from '../app.ts';
import { diskFolders } from '../folders.ts';
import { setting } from '../settings.ts';

/**
 * Keeps the feed in step with what it depends on: a worker that came back, workspace trust, folders and settings. A folder that holds runs is watched
 * even when no view was opened, for the status bar and the message at a run's end.
 */
export function keepFeedCurrent(app: App): Disposable {
  const owned = new Disposables();
  const { worker, feed } = app;
  // A new connection knows nothing of our folders. The first one needs no care: whoever made it opens them.
  let stale = false;
  owned.add(
    worker.onState((state) => {
      app.runs.setTrouble(state.kind === 'failed' ? describeError(state.error) : undefined);
      if (state.kind === 'failed') stale = true;
      if (state.kind !== 'connected') return;
      if (stale) void reload(app);
      stale = true;
    }),
  );
  const whenUsed = (): void => {
    if (feed.isLoaded) void reload(app);
  };
  owned.add(vscode.workspace.onDidGrantWorkspaceTrust(whenUsed));
  owned.add(vscode.workspace.onDidChangeWorkspaceFolders(() => void reload(app)));
  owned.add(
    vscode.workspace.onDidChangeConfiguration((change) => {
      const names = ['exclude', 'pollSeconds', 'trackers'];
      if (names.some((name) => change.affectsConfiguration(`trainyard.${name}`))) whenUsed();
    }),
  );
  void watchWhereRunsAre(app);
  return owned;
}

/** Opens the folders again and draws all views. The worker may go again meanwhile; then the next connection does it. */
async function reload(app: App): Promise<void> {
  await app.feed.reload().catch((error: unknown) => {
    app.output.warn(`Runs could not be read again: ${describeError(error)}`);
  });
  app.runs.redraw();
  app.checkpoints.refresh();
  app.experimentLog.reload();
  app.queue.refresh();
}

async function watchWhereRunsAre(app: App): Promise<void> {
  if (app.feed.isLoaded) return;
  for (const folder of diskFolders()) {
    if (!(await exists(path.join(folder, setting('runsFolder', vscode.Uri.file(folder)))))) continue;
    await app.feed.load().catch(() => undefined);
    return;
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
