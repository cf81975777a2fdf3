import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import type { RunDetail } from '../../domain/run.ts';
import { isActive } from '../../domain/run.ts';
import { commandIds } from '../contributions.ts';
import { type ErrorNode, errorItem } from '../ui/errorItem.ts';
import { count } from '../ui/numbers.ts';
import type { GroupNode, RunNode, RunsModel, TreeChange } from './model.ts';
import { describeRun, groupSpeech, runContext, runSpeech, statusLooks } from './present.ts';
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

  constructor(options: RunsTreeOptions) {
    super();
    this.#options = options;
  }

  /** Draws again what changed, and nothing else. */
  show(change: TreeChange): void {
    if (change.kind === 'all') this.#redraw.fire(undefined);
    if (change.kind === 'rows') this.#redraw.fire(change.rows);
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
    return node.kind === 'group' ? groupItem(node) : runItem(node);
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
  item.tooltip = count(group.runs.length, 'run');
  item.accessibilityInformation = { label: groupSpeech(group) };
  return item;
}
