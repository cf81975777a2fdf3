import { Disposables } from '../base/disposables.ts';
import type { RunId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { RunSummary } from '../domain/run.ts';
import type { RpcNotifier } from '../protocol/rpc.ts';
import type { FolderSettings, WorkerEvents } from '../protocol/worker.ts';
import { isInside } from './runs/folders.ts';

/** Changes that come close together are told once. The first after a pause does not wait for others: somebody looks at a chart. */
const batchMs = 40;
const firstMs = 4;

/** One connection, with the folders that it has open and whether their windows trust them. */
export class Client {
  readonly notifier: RpcNotifier<WorkerEvents>;
  /** What it said in its hello. */
  kind: 'extension' | 'cli' = 'extension';
  readonly folders = new Map<string, { readonly trusted: boolean; readonly settings: FolderSettings }>();

  constructor(notifier: RpcNotifier<WorkerEvents>) {
    this.notifier = notifier;
  }

  sees(path: string): boolean {
    for (const folder of this.folders.keys()) if (isInside(path, folder)) return true;
    return false;
  }
}

/** All connections, and what they are told. Events about runs go to the clients that have a folder open in which the run lies. */
export class Clients extends Disposables {
  readonly #clients = new Set<Client>();
  readonly #changedRuns = new Map<RunId, RunSummary>();
  readonly #removedRuns = new Map<RunId, string>();
  readonly #appended = new Map<RunId, { readonly path: string; readonly tags: Set<string>; media: boolean }>();
  #queue: readonly Job[] | undefined;
  #flushedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    super();
    this.onDispose(() => clearTimeout(this.#timer));
  }

  get count(): number {
    return this.#clients.size;
  }

  /** Whether a person can be asked: a window is connected, and not only a command line. */
  get hasWindow(): boolean {
    return [...this.#clients].some(({ kind }) => kind === 'extension');
  }

  join(client: Client): void {
    this.#clients.add(client);
  }

  leave(client: Client): void {
    this.#clients.delete(client);
  }

  runChanged(run: RunSummary): void {
    this.#removedRuns.delete(run.id);
    this.#changedRuns.set(run.id, run);
    this.#soon();
  }

  runRemoved(id: RunId, path: string): void {
    this.#changedRuns.delete(id);
    this.#removedRuns.set(id, path);
    this.#soon();
  }

  /** The queue is told whole: of many changes close together only the last state is. */
  queueChanged(jobs: readonly Job[]): void {
    this.#queue = jobs;
    this.#soon();
  }

  seriesAppended(runId: RunId, path: string, tags: readonly string[], media: boolean): void {
    const known = this.#appended.get(runId) ?? { path, tags: new Set(), media: false };
    for (const tag of tags) known.tags.add(tag);
    known.media ||= media;
    this.#appended.set(runId, known);
    this.#soon();
  }

  /** Tells everybody who sees `path`, or everybody, at once. */
  tell<K extends keyof WorkerEvents & string>(event: K, value: WorkerEvents[K], path?: string): void {
    for (const client of this.#clients) {
      if (path === undefined || client.sees(path)) client.notifier.notify(event, value);
    }
  }

  /** Tells what has been collected. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedAt = Date.now();
    for (const client of this.#clients) this.#tellRuns(client);
    this.#changedRuns.clear();
    this.#removedRuns.clear();
    if (this.#queue !== undefined) this.tell('queue.changed', { jobs: this.#queue });
    this.#queue = undefined;
    for (const [runId, { path, tags, media }] of this.#appended) {
      this.tell('series.appended', { runId, tags: [...tags], media }, path);
    }
    this.#appended.clear();
  }

  #tellRuns(client: Client): void {
    const runs = [...this.#changedRuns.values()].filter(({ path }) => client.sees(path));
    const removed = [...this.#removedRuns].filter(([, path]) => client.sees(path)).map(([id]) => id);
    if (runs.length > 0 || removed.length > 0) client.notifier.notify('runs.changed', { runs, removed });
  }

  #soon(): void {
    if (this.isDisposed) return;
    this.#timer ??= setTimeout(() => this.flush(), Math.max(firstMs, this.#flushedAt + batchMs - Date.now()));
  }
}
