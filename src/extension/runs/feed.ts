import { Disposables } from '../../base/disposables.ts';
import { Emitter, type Event } from '../../base/emitter.ts';
import type { RunId } from '../../domain/ids.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { FolderSettings, WorkerEvents, WorkerMethods } from '../../protocol/worker.ts';

export type FeedChange =
  | { readonly kind: 'all'; readonly runs: readonly RunSummary[] }
  | { readonly kind: 'some'; readonly changed: readonly RunSummary[]; readonly removed: readonly RunId[] };

export interface FeedOptions {
  readonly worker: RpcClient<WorkerMethods, WorkerEvents>;
  readonly folders: () => readonly string[];
  /** Folders elsewhere in which trackers keep runs; asked each time the folders are opened. */
  readonly trackerFolders?: () => Promise<readonly string[]>;
  readonly settings: (folder: string) => FolderSettings;
  readonly trusted: () => boolean;
  readonly contains: (folder: string, file: string) => boolean;
  /** Changes are gathered for this long, so that a busy run costs a few updates per second and not hundreds. */
  readonly gatherMs?: number;
}

/** More changes than this at once come less often. */
const MANY = 200;

/**
 * The runs of this window's folders, kept up to date by the worker. `load` opens the folders; afterwards changes arrive gathered.
 * The worker tells every client of all runs that it knows, so runs of other people's windows are left out here.
 */
export class RunsFeed extends Disposables {
  readonly #options: FeedOptions;
  readonly #changes = this.add(new Emitter<FeedChange>());
  readonly #runs = new Map<RunId, RunSummary>();
  readonly #roots = new Set<string>();
  #trackerFolders: readonly string[] = [];
  #loading: Promise<void> | undefined;
  #loaded = false;
  #changed = new Map<RunId, RunSummary>();
  #removed = new Set<RunId>();
  #timer: NodeJS.Timeout | undefined;
  #lastCount = 0;

  readonly onChange: Event<FeedChange> = (listener) => this.#changes.event(listener);

  constructor(options: FeedOptions) {
    super();
    this.#options = options;
    this.add(options.worker.on('runs.changed', ({ runs, removed }) => this.#take(runs, removed)));
    this.onDispose(() => clearTimeout(this.#timer));
  }

  get runs(): ReadonlyMap<RunId, RunSummary> {
    return this.#runs;
  }

  /** Every folder that is open: those of the workspace, and those elsewhere in which trackers keep runs. */
  get openFolders(): readonly string[] {
    return [...this.#options.folders(), ...this.#trackerFolders];
  }

  get isLoaded(): boolean {
    return this.#loaded;
  }

  /** Opens the folders where that has not been done; rejects where the worker cannot be reached. */
  load(): Promise<void> {
    if (this.#loaded) return Promise.resolve();
    this.#loading ??= this.#open().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Opens the folders again: after a loss of the worker, a change of trust, of folders or of settings. */
  async reload(): Promise<void> {
    await this.#loading?.catch(() => undefined);
    this.#loaded = false;
    await this.load();
  }

  async #open(): Promise<void> {
    const { worker, folders, settings, trusted } = this.#options;
    const wanted = folders();
    const open = (folder: string) =>
      worker.call('folder.open', { folder, trusted: trusted(), settings: settings(folder) });
    const [own, others] = await Promise.all([Promise.all(wanted.map(open)), this.#openTrackerFolders(wanted, open)]);
    const answers = [...own, ...others];
    this.#runs.clear();
    this.#roots.clear();
    for (const { runs } of answers) {
      for (const run of runs) {
        this.#runs.set(run.id, run);
        this.#roots.add(run.root);
      }
    }
    this.#changed.clear();
    this.#removed.clear();
    this.#loaded = true;
    this.#changes.fire({ kind: 'all', runs: [...this.#runs.values()] });
  }

  /** One that cannot be opened, because it went a moment ago or may not be read, does not keep the runs of the workspace away. */
  async #openTrackerFolders(
    workspace: readonly string[],
    open: (folder: string) => Promise<{ readonly runs: readonly RunSummary[] }>,
  ): Promise<readonly { readonly runs: readonly RunSummary[] }[]> {
    const { trackerFolders, contains } = this.#options;
    const wanted = workspace.length === 0 ? [] : ((await trackerFolders?.()) ?? []);
    this.#trackerFolders = wanted.filter((folder) => !workspace.some((own) => contains(own, folder)));
    const answers = await Promise.all(this.#trackerFolders.map((folder) => open(folder).catch(() => undefined)));
    return answers.filter((answer) => answer !== undefined);
  }

  #take(runs: readonly RunSummary[], removed: readonly RunId[]): void {
    if (!this.#loaded && this.#loading === undefined) return;
    for (const run of runs) {
      if (!this.#belongs(run)) continue;
      this.#changed.set(run.id, run);
      this.#removed.delete(run.id);
    }
    for (const runId of removed) {
      this.#changed.delete(runId);
      this.#removed.add(runId);
    }
    this.#timer ??= setTimeout(() => this.#flush(), this.#pause());
  }

  /** While a big folder is read for the first time, hundreds of runs change at once, and drawing them costs more than it tells. */
  #pause(): number {
    return (this.#options.gatherMs ?? 200) * (this.#lastCount > MANY ? 8 : 1);
  }

  #belongs(run: RunSummary): boolean {
    if (this.#runs.has(run.id) || this.#roots.has(run.root)) return true;
    return this.openFolders.some((folder) => this.#options.contains(folder, run.path));
  }

  #flush(): void {
    this.#timer = undefined;
    if (!this.#loaded) return;
    const changed = [...this.#changed.values()];
    const removed = [...this.#removed].filter((runId) => this.#runs.has(runId));
    this.#lastCount = changed.length + removed.length;
    this.#changed = new Map();
    this.#removed = new Set();
    for (const run of changed) this.#runs.set(run.id, run);
    for (const runId of removed) this.#runs.delete(runId);
    if (this.#lastCount > 0) this.#changes.fire({ kind: 'some', changed, removed });
  }
}
