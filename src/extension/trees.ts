import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import type { Job } from '../domain/job.ts';
import type { RunSummary } from '../domain/run.ts';
import type { App } from './app.ts';
import { checkpointsTree } from './checkpoints/tree.ts';
import { viewIds } from './contributions.ts';
import { experimentLogTree, type LogContent } from './experimentLog/tree.ts';
import { diskFolders } from './folders.ts';
import { queueMoves, queueTree } from './queue/tree.ts';
import type { RunsFeed } from './runs/feed.ts';
import type { Views } from './views.ts';
import type { LazyLink } from './worker/lazyLink.ts';

export interface TreeServices {
  readonly worker: LazyLink;
  readonly feed: RunsFeed;
  readonly views: Views;
  readonly failed: (error: unknown) => void;
}

/** Runs that train change all the time, and seldom into ones that an entry names. */
const relinkMs = 5_000;

/** The Checkpoints, Experiment Log and Queue views, each refreshed by the worker's own events. */
export class Trees extends Disposables {
  readonly views: Pick<App, 'checkpoints' | 'experimentLog' | 'queue' | 'jobs' | 'queueSelection'>;
  readonly #services: TreeServices;
  readonly #shown = new Set<string>();
  #log: Promise<LogContent> | undefined;
  #relinkTimer: NodeJS.Timeout | undefined;

  constructor(services: TreeServices) {
    super();
    this.onDispose(() => clearTimeout(this.#relinkTimer));
    this.#services = services;
    const { worker } = services;
    const jobs = async (): Promise<readonly Job[]> => (await worker.call('queue.list', {})).jobs;
    const checkpoints = this.#checkpoints();
    const experimentLog = this.#experimentLog();
    const queue = this.add(queueTree(() => this.#withProgress(viewIds.queue, jobs)));
    const queueView = this.#queueView(queue, jobs);
    const queueSelection = (): readonly unknown[] => (queueView.visible ? queueView.selection : []);
    this.add(worker.on('queue.changed', () => queue.refresh()));
    this.views = { checkpoints, experimentLog, queue, jobs, queueSelection };
  }

  #checkpoints(): App['checkpoints'] {
    const { worker, feed, views } = this.#services;
    const ask = async (folder: string) => (await worker.call('checkpoints.list', { folder })).checkpoints;
    const tree = this.add(
      checkpointsTree({
        load: () => this.#withProgress(viewIds.checkpoints, () => this.#ofFolders(ask)),
        inspect: (path) => worker.call('checkpoints.inspect', { path }),
      }),
    );
    views.get('checkpoints').fill({ provider: tree });
    this.add(worker.on('checkpoints.changed', () => tree.refresh()));
    this.add(
      feed.onChange((change) => {
        if (change.kind === 'all') tree.refresh();
      }),
    );
    return tree;
  }

  /** Entries are read again when the file changes, and linked again a while after runs came or told more of themselves; linked runs only need drawing. */
  #experimentLog(): App['experimentLog'] {
    const { worker, feed, views } = this.#services;
    const ask = async (folder: string) => [await worker.call('experimentLog.list', { folder })];
    const read = async (): Promise<LogContent> => {
      try {
        const logs = await this.#withProgress(viewIds.experimentLog, () => this.#ofFolders(ask));
        return { entries: logs.flatMap(({ entries }) => entries), links: logs.flatMap(({ links }) => links) };
      } catch (error) {
        // A failure is not kept, so that a click on its row asks again.
        this.#log = undefined;
        throw error;
      }
    };
    const content = (): Promise<LogContent> => {
      this.#log ??= read();
      return this.#log;
    };
    const forget = (): void => {
      this.#log = undefined;
    };
    const tree = this.add(experimentLogTree({ content, forget, runs: () => feed.runs.values() }));
    views.get('experimentLog').fill({ provider: tree });
    this.add(worker.on('experimentLog.changed', () => tree.reload()));
    this.add(
      feed.onChange((change) => {
        if (change.kind === 'all') tree.reload();
        else void this.#drawLinked(tree, change.changed);
      }),
    );
    return tree;
  }

  async #drawLinked(tree: App['experimentLog'], changed: readonly RunSummary[]): Promise<void> {
    const { entries, links } = (await this.#log?.catch(() => undefined)) ?? { entries: [], links: [] };
    if (entries.length === 0 || this.isDisposed) return;
    const linked = new Set(links.map(({ runId }) => runId));
    if (changed.some(({ id }) => linked.has(id))) tree.refresh();
    if (changed.every(({ id }) => linked.has(id))) return;
    this.#relinkTimer ??= setTimeout(() => {
      this.#relinkTimer = undefined;
      tree.reload();
    }, relinkMs);
  }

  #queueView(queue: App['queue'], jobs: () => Promise<readonly Job[]>): vscode.TreeView<unknown> {
    const { worker, views, failed } = this.#services;
    const move = async (jobId: Job['id'], before: Job['id'] | null): Promise<void> => {
      await worker.call('queue.move', { jobId, before });
    };
    return views.get('queue').fill({ provider: queue, moving: queueMoves({ jobs, move, failed }) });
  }

  async #ofFolders<T>(ask: (folder: string) => Promise<readonly T[]>): Promise<readonly T[]> {
    await this.#services.feed.load();
    return (await Promise.all(diskFolders().map(ask))).flat();
  }

  /** The bar above a view moves while it is filled for the first time; a list that only changes stays quiet. */
  async #withProgress<T>(viewId: string, load: () => Promise<T>): Promise<T> {
    if (this.#shown.has(viewId)) return await load();
    const loaded = await vscode.window.withProgress({ location: { viewId } }, load);
    this.#shown.add(viewId);
    return loaded;
  }
}
