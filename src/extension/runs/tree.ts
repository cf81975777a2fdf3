import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import { isActive, type RunDetail, type RunSummary } from '../../domain/run.ts';
import { commandIds } from '../contributions.ts';
import { type ErrorNode, errorItem } from '../ui/errorItem.ts';
import { count } from '../ui/numbers.ts';
import type { GroupNode, RunNode, RunsModel, TreeChange } from './model.ts';
import { describeRun, groupSpeech, runContext, runSpeech, statusLooks } from './present.ts';
import { RowPace } from './rowPace.ts';
import { runTooltip } from './tooltip.ts';

export type RunsNode = RunNode | GroupNode | ErrorNode;

export interface RunsTreeOptions {
  readonly model: RunsModel;
  /** Resolves when the model holds the runs; rejects when they cannot be had. */
  readonly load: () => Promise<void>;
  readonly detail: (runId: RunId) => Promise<RunDetail>;
}

/** Groups beyond this size start closed; those of live runs beyond five times as many. */
const OPEN_GROUP_SIZE = 200;

/** The Runs view's data: rows out of the model, tooltips on demand. */
export class RunsTree extends Disposables implements vscode.TreeDataProvider<RunsNode> {
  readonly #options: RunsTreeOptions;
  readonly #redraw = this.add(new vscode.EventEmitter<readonly RunsNode[] | undefined>());
  readonly onDidChangeTreeData = this.#redraw.event as vscode.Event<RunsNode[] | undefined>;
  readonly #pace = this.add(new RowPace<RunNode>((rows) => this.#drawRows(rows)));
  /** How each row was last drawn. Rows in closed groups never are. */
  readonly #drawn = new Map<RunId, RunSummary>();

  constructor(options: RunsTreeOptions) {
    super();
    this.#options = options;
  }

  /** Draws again what changed, and nothing else. Groups that gained or lost runs are drawn at once, rows of live runs at most once a second. */
  show(change: TreeChange): void {
    if (change.kind === 'all') {
      this.#pace.clear();
      this.#drawn.clear();
      this.#redraw.fire(undefined);
    }
    if (change.kind !== 'rows') return;
    const groups = change.rows.filter((row) => row.kind === 'group');
    if (groups.length > 0) this.#redraw.fire(groups);
    this.#pace.redraw(change.rows.filter((row) => row.kind === 'run').filter((row) => this.#looksOther(row)));
  }

  #drawRows(rows: readonly RunNode[]): void {
    const { model } = this.#options;
    const other = rows.filter((row) => model.node(row.runId) === row && this.#looksOther(row));
    if (other.length > 0) this.#redraw.fire(other);
  }

  #looksOther({ runId, run }: RunNode): boolean {
    const drawn = this.#drawn.get(runId);
    return drawn !== undefined && drawn !== run && looksOf(drawn) !== looksOf(run);
  }

  async getChildren(node?: RunsNode): Promise<RunsNode[]> {
    if (node?.kind === 'group') return node.runs;
    if (node !== undefined) return [];
    try {
      await this.#options.load();
      return [...this.#options.model.roots];
    } catch (error) {
      return [{ kind: 'error', error }];
    }
  }

  getParent(node: RunsNode): RunsNode | undefined {
    return node.kind === 'run' && this.#options.model.view.grouping !== 'none' ? node.group : undefined;
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    if (node.kind === 'error') return errorItem(node);
    if (node.kind === 'group') return groupItem(node);
    this.#drawn.set(node.runId, node.run);
    return runItem(node);
  }

  /** Called for the row under the pointer only, so the details may cost a question to the worker. */
  async resolveTreeItem(item: vscode.TreeItem, node: RunsNode): Promise<vscode.TreeItem> {
    if (node.kind !== 'run') return item;
    const detail = await this.#options.detail(node.runId).catch(() => undefined);
    const tooltip = new vscode.MarkdownString(runTooltip(node.run, detail), true);
    item.tooltip = tooltip;
    return item;
  }
}

/** Everything of a run that its row shows, as one text to compare. */
function looksOf(run: RunSummary): string {
  return [run.name, describeRun(run), run.statusReason, run.note, runContext(run), runSpeech(run)].join('\n');
}

function runItem({ run }: RunNode): vscode.TreeItem {
  const look = statusLooks[run.status];
  const item = new vscode.TreeItem(run.name);
  item.id = `run/${run.id}`;
  item.description = describeRun(run);
  item.iconPath = new vscode.ThemeIcon(
    look.icon,
    look.color === undefined ? undefined : new vscode.ThemeColor(look.color),
  );
  item.contextValue = runContext(run);
  item.accessibilityInformation = { label: runSpeech(run) };
  item.command = { command: commandIds.showMetrics, title: 'Show Metrics', arguments: [run.id] };
  return item;
}

function groupItem(group: GroupNode): vscode.TreeItem {
  const live = group.runs.some(({ run }) => isActive(run.status));
  const open = group.runs.length <= (live ? 5 * OPEN_GROUP_SIZE : OPEN_GROUP_SIZE);
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(group.facts.title, open ? Expanded : Collapsed);
  item.id = `group/${group.key}`;
  item.description = String(group.runs.length);
  item.contextValue = 'group';
  if (group.facts.icon !== undefined) item.iconPath = new vscode.ThemeIcon(group.facts.icon);
  item.tooltip = count(group.runs.length, 'run');
  item.accessibilityInformation = { label: groupSpeech(group) };
  return item;
}
