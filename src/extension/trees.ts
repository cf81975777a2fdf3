import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import type { Job } from '../domain/job.ts';
import type { App } from './app.ts';
import { checkpointsTree } from './checkpoints/tree.ts';
import { viewIds } from './contributions.ts';
import { experimentLogTree } from './experimentLog/tree.ts';
import { diskFolders } from './folders.ts';
import { queueDragAndDrop, queueTree } from './queue/tree.ts';
import type { RunsFeed } from './runs/feed.ts';
import type { LazyLink } from './worker/lazyLink.ts';

export interface TreeServices {
  readonly worker: LazyLink;
  readonly feed: RunsFeed;
  readonly failed: (error: unknown) => void;
}

/** Registers the Checkpoints, Experiment Log and Queue views, each refreshed by the worker's own events. */
export class Trees extends Disposables {
  readonly views: Pick<App, 'checkpoints' | 'experimentLog' | 'queue' | 'jobs' | 'queueSelection'>;

  constructor({ worker, feed, failed }: TreeServices) {
    super();
    const ofFolders = async <T>(ask: (folder: string) => Promise<readonly T[]>): Promise<readonly T[]> => {
      await feed.load();
      return (await Promise.all(diskFolders().map(ask))).flat();
    };
    const inView = <T>(viewId: string, load: () => Promise<T>): Promise<T> =>
      Promise.resolve(vscode.window.withProgress({ location: { viewId } }, load));
    const jobs = async (): Promise<readonly Job[]> => (await worker.call('queue.list', {})).jobs;

    const checkpoints = this.add(
      checkpointsTree(() =>
        inView(viewIds.checkpoints, () =>
          ofFolders(async (folder) => (await worker.call('checkpoints.list', { folder })).checkpoints),
        ),
      ),
    );
    const experimentLog = this.add(
      experimentLogTree({
        entries: () =>
          inView(viewIds.experimentLog, () =>
            ofFolders(async (folder) => (await worker.call('experimentLog.list', { folder })).entries),
          ),
        runs: () => feed.runs.values(),
      }),
    );
    const queue = this.add(queueTree(() => inView(viewIds.queue, jobs)));
    const move = async (jobId: Job['id'], before: Job['id'] | null): Promise<void> => {
      await worker.call('queue.move', { jobId, before });
    };
    const dragAndDropController = queueDragAndDrop({ jobs, move, failed });

    const checkpointsView = vscode.window.createTreeView(viewIds.checkpoints, {
      treeDataProvider: checkpoints,
      showCollapseAll: true,
    });
    const logView = vscode.window.createTreeView(viewIds.experimentLog, {
      treeDataProvider: experimentLog,
      showCollapseAll: true,
    });
    const queueView = vscode.window.createTreeView(viewIds.queue, {
      treeDataProvider: queue,
      canSelectMany: true,
      dragAndDropController,
    });
    for (const view of [checkpointsView, logView, queueView]) this.add(view);

    this.add(worker.on('checkpoints.changed', () => checkpoints.refresh()));
    this.add(worker.on('experimentLog.changed', () => experimentLog.refresh()));
    this.add(worker.on('queue.changed', () => queue.refresh()));
    this.add(
      feed.onChange((change) => {
        // Linked runs show their status; checkpoints are grouped under names of runs.
        if (change.kind === 'all') checkpoints.refresh();
        experimentLog.refresh();
      }),
    );
    const queueSelection = (): readonly unknown[] => (queueView.visible ? queueView.selection : []);
    this.views = { checkpoints, experimentLog, queue, jobs, queueSelection };
  }
}

export function registerTrees(services: TreeServices): Trees {
  return new Trees(services);
}
