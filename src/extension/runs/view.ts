import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import type { RunDetail, RunSummary } from '../../domain/run.ts';
import { isActive } from '../../domain/run.ts';
import { contextKeys, viewIds } from '../contributions.ts';
import type { LazyView } from '../ui/lazyView.ts';
import { count } from '../ui/numbers.ts';
import type { RunsFeed } from './feed.ts';
import { RunsModel } from './model.ts';
import { type RunsNode, RunsTree } from './tree.ts';
import { groupingTitles, type RunsViewState, readViewState } from './viewState.ts';

const STORED = 'trainyard.runsView';
/** The names of groups by day change at midnight. */
const DAY_CHECK_MS = 60_000;

export interface RunsViewOptions {
  readonly view: LazyView;
  readonly feed: RunsFeed;
  readonly memento: vscode.Memento;
  readonly detail: (runId: RunId) => Promise<RunDetail>;
}

/** The Runs view: keeps tree, badge, message and context keys in step with the feed and with how the person wants it shown. */
export class RunsView extends Disposables {
  readonly model = new RunsModel();
  readonly tree: RunsTree;
  readonly #view: vscode.TreeView<RunsNode>;
  readonly #options: RunsViewOptions;
  #day = new Date().toDateString();
  #trouble: string | undefined;

  constructor(options: RunsViewOptions) {
    super();
    this.#options = options;
    const { feed } = options;
    const load = async (): Promise<void> => {
      if (!feed.isLoaded) await withProgress();
    };
    const withProgress = (): Promise<void> =>
      Promise.resolve(vscode.window.withProgress({ location: { viewId: viewIds.runs } }, () => feed.load()));
    this.tree = this.add(new RunsTree({ model: this.model, load, detail: options.detail }));
    this.#view = options.view.fill({ provider: this.tree });
    this.#applyState(readViewState(options.memento.get(STORED)));
    this.add(
      feed.onChange((change) => {
        if (change.kind === 'all') this.tree.show(this.model.replaceAll(change.runs));
        else this.tree.show(this.model.apply(change.changed, change.removed));
        this.#decorate();
      }),
    );
    const midnight = setInterval(() => this.#checkDay(), DAY_CHECK_MS);
    this.onDispose(() => clearInterval(midnight));
  }

  get state(): RunsViewState {
    return this.model.view;
  }

  /** Runs that are selected, where the view can be seen. */
  get selection(): readonly RunSummary[] {
    if (!this.#view.visible) return [];
    return this.#view.selection.filter((node) => node.kind === 'run').map(({ run }) => run);
  }

  /** Changes how runs are shown, and keeps it for this workspace. */
  setState(change: Partial<RunsViewState>): void {
    const state = { ...this.state, ...change };
    this.#applyState(state);
    // What is typed into the filter belongs to the moment, so it is not kept.
    void this.#options.memento.update(STORED, { ...state, filter: '' });
  }

  /** Says above the list what is wrong with the worker, or takes that back. */
  setTrouble(sentence: string | undefined): void {
    if (sentence === this.#trouble) return;
    this.#trouble = sentence;
    this.#decorate();
  }

  /** Draws everything again, for a person who asked for it. */
  redraw(): void {
    this.tree.show({ kind: 'all' });
  }

  /** Selects a new run as soon as the list shows it, unless the person has gone elsewhere. */
  async revealNew(runId: RunId): Promise<void> {
    for (let attempt = 0; attempt < 20 && this.#view.visible; attempt++) {
      const node = this.model.node(runId);
      if (node !== undefined) return await this.#view.reveal(node, { select: true, focus: false });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  #applyState(state: RunsViewState): void {
    this.tree.show(this.model.setView(state));
    void vscode.commands.executeCommand('setContext', contextKeys.filtered, state.filter !== '');
    void vscode.commands.executeCommand('setContext', contextKeys.showingArchived, state.showArchived);
    this.#decorate();
  }

  #decorate(): void {
    const { filter, grouping } = this.state;
    const running = [...this.model.runs.values()].filter(
      ({ status }) => isActive(status) && status !== 'queued',
    ).length;
    this.#view.badge = running === 0 ? undefined : { value: running, tooltip: `${count(running, 'run')} in progress` };
    const grouped = grouping !== 'status' && grouping !== 'none';
    // Empty texts stand for none: the types of these properties do not admit undefined.
    this.#view.description = grouped ? `by ${groupingTitles[grouping].toLowerCase()}` : '';
    this.#view.message = this.#message(filter);
  }

  /** What stands above the list: trouble with the worker first, since what is listed is then of yesterday. */
  #message(filter: string): string {
    const shown = this.model.shownCount;
    const known = this.model.runs.size;
    // Without any run the list itself shows the error as a row, which is cut; here the sentence wraps.
    if (this.#trouble !== undefined) return known > 0 ? `${this.#trouble} The list may be out of date.` : this.#trouble;
    if (filter !== '') return `${count(shown, 'run')} of ${known} match “${filter}”`;
    return shown === 0 && known > 0 ? 'All runs are archived.' : '';
  }

  #checkDay(): void {
    const day = new Date().toDateString();
    if (day === this.#day) return;
    this.#day = day;
    this.tree.show(this.model.setView(this.state));
  }
}
