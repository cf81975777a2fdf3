import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import type { Registry } from '../domain/registry.ts';
import type { Sweep } from '../domain/sweep.ts';
import type { App } from './app.ts';
import { Secrets } from './care/secrets.ts';
import { CareWarnings } from './care/warnings.ts';
import { contextKeys, laterViewIds } from './contributions.ts';
import { EntryLenses } from './entries/codeLens.ts';
import { diskFolders } from './folders.ts';
import type { LaunchingView } from './launchingView.ts';
import { collectPipelines, type PipelineNode, type PipelinesNode } from './pipelines/model.ts';
import { pipelinesTree } from './pipelines/tree.ts';
import { ProjectFiles } from './project/providers.ts';
import type { RegistryTreeNode } from './registry/model.ts';
import { registryTree } from './registry/tree.ts';
import { ledgerName } from './sweeps/commands.ts';
import { ledgerMarkdown, type SweepsNode } from './sweeps/model.ts';
import { sweepsTree } from './sweeps/tree.ts';
import { LazyView } from './ui/lazyView.ts';
import type { ListTree } from './ui/listTree.ts';

/**
 * What a window shows around launching: lenses on entry points, help in trainyard.yaml, warnings, and the views Sweeps, Pipelines and Registry, each there
 * only where there is something in it.
 */
export class LaunchingParts extends Disposables implements LaunchingView {
  readonly sweepsTree: ListTree<SweepsNode>;
  readonly pipelines: ListTree<PipelinesNode>;
  readonly registry: ListTree<RegistryTreeNode>;
  readonly lenses: EntryLenses;
  readonly project: ProjectFiles;
  readonly care: CareWarnings;
  readonly #app: App;
  readonly #sweeps = new Map<string, Sweep>();
  readonly #ledgers = new Set<string>();
  #loading: Promise<void> | undefined;

  constructor(app: App) {
    super();
    this.#app = app;
    const { worker, feed } = app;
    const run = (runId: Parameters<typeof feed.runs.get>[0]) => feed.runs.get(runId);
    this.sweepsTree = this.add(sweepsTree({ load: async () => (await this.sweeps()).values(), run }));
    this.pipelines = this.add(pipelinesTree({ load: () => this.#pipelines(), run }));
    this.registry = this.add(
      registryTree(async () => (await this.registries()).map((registry) => ({ kind: 'registry', registry }))),
    );
    this.#view(laterViewIds.sweeps, this.sweepsTree);
    this.#view(laterViewIds.pipelines, this.pipelines);
    this.#view(laterViewIds.registry, this.registry);
    this.lenses = this.add(new EntryLenses(app));
    this.project = this.add(new ProjectFiles(app));
    this.care = this.add(new CareWarnings(app));
    this.add(new Secrets(app));
    this.add(worker.on('sweeps.changed', ({ sweep }) => this.takeSweep(sweep)));
    this.add(worker.on('pipelines.changed', () => void this.#look('pipelines')));
    this.add(worker.on('registry.changed', () => void this.#look('registry')));
    this.add(
      feed.onChange((change) => {
        if (change.kind === 'all') void this.look();
        // Rows of trials and stages say what their runs do.
        else if (change.changed.some(({ entry, source }) => entry !== undefined || source === 'trainyard'))
          this.#redrawLinked();
      }),
    );
    this.add(
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (/[\\/]trainyard\.ya?ml$/.test(uri.path)) void this.look();
      }),
    );
    if (feed.isLoaded) void this.look();
  }

  async sweeps(): Promise<ReadonlyMap<string, Sweep>> {
    this.#loading ??= this.#loadSweeps();
    await this.#loading;
    return this.#sweeps;
  }

  takeSweep(sweep: Sweep): void {
    if (!diskFolders().includes(sweep.folder)) return;
    this.#sweeps.set(sweep.id, sweep);
    this.#setHas(contextKeys.hasSweeps, true);
    this.sweepsTree.refresh();
    if (this.#ledgers.has(sweep.id)) this.#app.documents.put(ledgerName(sweep), ledgerMarkdown(sweep));
  }

  followLedger(sweepId: string): void {
    this.#ledgers.add(sweepId);
  }

  async registries(): Promise<readonly Registry[]> {
    const answers = await Promise.all(
      diskFolders().map((folder) => this.#app.worker.call('registry.read', { folder })),
    );
    return answers.flatMap(({ registries }) => registries);
  }

  async showSweeps(): Promise<void> {
    this.#setHas(contextKeys.hasSweeps, true);
    await vscode.commands.executeCommand(`${laterViewIds.sweeps}.focus`);
  }

  async showPipelines(): Promise<void> {
    this.#setHas(contextKeys.hasPipelines, true);
    this.pipelines.refresh();
    await vscode.commands.executeCommand(`${laterViewIds.pipelines}.focus`);
  }

  async look(): Promise<void> {
    this.#loading = undefined;
    await Promise.all([this.#look('sweeps'), this.#look('pipelines'), this.#look('registry')]);
  }

  /** A view whose list cannot be had stays away; the reason is in the log, and shown by the command that needs it. */
  async #look(what: 'sweeps' | 'pipelines' | 'registry'): Promise<void> {
    try {
      if (what === 'sweeps') this.#setHas(contextKeys.hasSweeps, (await this.sweeps()).size > 0);
      if (what === 'pipelines') this.#setHas(contextKeys.hasPipelines, (await this.#pipelines()).length > 0);
      if (what === 'registry') this.#setHas(contextKeys.hasRegistry, (await this.registries()).length > 0);
    } catch (error) {
      this.#app.output.warn(`Looking for ${what}: ${(error as Error).message}`);
    }
    const tree = { sweeps: this.sweepsTree, pipelines: this.pipelines, registry: this.registry }[what];
    if (!this.isDisposed) tree.refresh();
  }

  #redrawLinked(): void {
    if (this.#sweeps.size > 0) this.sweepsTree.refresh();
  }

  async #loadSweeps(): Promise<void> {
    const folders = diskFolders();
    const answers = await Promise.all(folders.map((folder) => this.#app.worker.call('sweeps.list', { folder }))).catch(
      (error: unknown) => {
        // A failure is not kept, so that the next look asks again.
        this.#loading = undefined;
        throw error;
      },
    );
    this.#sweeps.clear();
    for (const sweep of answers.flatMap(({ sweeps }) => sweeps)) this.#sweeps.set(sweep.id, sweep);
  }

  async #pipelines(): Promise<readonly PipelineNode[]> {
    const ofFolder = async (folder: string): Promise<readonly PipelineNode[]> => {
      // Only trainyard.yaml names pipelines; without it nobody walks the folder for this.
      const named = (await hasProjectFile(folder))
        ? await this.#app.worker.call('entries.list', { folder })
        : undefined;
      const { pipelineRuns } = await this.#app.worker.call('pipelines.list', { folder });
      return collectPipelines(folder, named?.pipelines ?? [], pipelineRuns);
    };
    return (await Promise.all(diskFolders().map(ofFolder))).flat();
  }

  #view<Node>(id: string, provider: vscode.TreeDataProvider<Node>): void {
    const view = this.add(new LazyView(id, { showCollapseAll: true, canSelectMany: true }, () => Promise.resolve()));
    view.fill({ provider });
  }

  #setHas(key: string, value: boolean): void {
    void vscode.commands.executeCommand('setContext', key, value);
  }
}

async function hasProjectFile(folder: string): Promise<boolean> {
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(folder, 'trainyard.{yaml,yml}'),
    undefined,
    1,
  );
  return found.length > 0;
}
