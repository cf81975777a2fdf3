import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';

const SELECTION_ATTEMPTS = 40;
const SELECTION_PAUSE_MS = 50;

export interface LazyViewOptions {
  readonly canSelectMany?: boolean;
  readonly showCollapseAll?: boolean;
  /** Rows can be moved within the view. */
  readonly draggable?: boolean;
}

/** What fills a view once its code is there. */
export interface ViewContents<Node> {
  readonly provider: vscode.TreeDataProvider<Node>;
  /** For views that are draggable. */
  readonly moving?: Pick<vscode.TreeDragAndDropController<Node>, 'handleDrag' | 'handleDrop'>;
}

/**
 * A tree view that VS Code knows from the start on, and whose rows come from code that is loaded when the view is first seen.
 * `load` must lead to `fill`.
 *
 * A row's command reaches VS Code without its arguments: VS Code keeps those only until it draws the row again, and a click in that moment would
 * select the row and do nothing. Instead the row asks this view, which knows what is selected.
 */
export class LazyView extends Disposables implements vscode.TreeDataProvider<unknown> {
  readonly #view: vscode.TreeView<unknown>;
  readonly #load: () => Promise<unknown>;
  readonly #changed = this.add(new vscode.EventEmitter<unknown>());
  readonly onDidChangeTreeData = this.#changed.event as vscode.Event<undefined>;
  readonly #openCommand: string;
  readonly #commands = new WeakMap<object, vscode.Command>();
  #contents: ViewContents<unknown> | undefined;

  constructor(id: string, options: LazyViewOptions, load: () => Promise<unknown>) {
    super();
    this.#load = load;
    this.#openCommand = `_${id}.openRow`;
    this.add(vscode.commands.registerCommand(this.#openCommand, () => this.#openSelected()));
    const { draggable = false, ...rest } = options;
    const view = { ...rest, treeDataProvider: this };
    this.#view = this.add(
      vscode.window.createTreeView(id, draggable ? { ...view, dragAndDropController: this.#controller(id) } : view),
    );
  }

  /** Gives the view its rows, and gives back VS Code's side of it. */
  fill<Node>(contents: ViewContents<Node>): vscode.TreeView<Node> {
    this.#contents = contents as ViewContents<unknown>;
    const redraw = contents.provider.onDidChangeTreeData?.((rows) => this.#changed.fire(rows));
    if (redraw !== undefined) this.add(redraw);
    return this.#view as vscode.TreeView<Node>;
  }

  async getChildren(node?: unknown): Promise<unknown[]> {
    if (this.#contents === undefined) await this.#load();
    return (await this.#contents?.provider.getChildren(node)) ?? [];
  }

  getTreeItem(node: unknown): vscode.TreeItem | Thenable<vscode.TreeItem> {
    const item = this.#provider.getTreeItem(node);
    return 'then' in item
      ? item.then((ready) => this.#withoutArguments(node, ready))
      : this.#withoutArguments(node, item);
  }

  #withoutArguments(node: unknown, item: vscode.TreeItem): vscode.TreeItem {
    const { command } = item;
    if (command?.arguments === undefined || command.arguments.length === 0) return item;
    this.#commands.set(node as object, command);
    item.command = { command: this.#openCommand, title: command.title };
    return item;
  }

  getParent(node: unknown): vscode.ProviderResult<unknown> {
    return this.#provider.getParent?.(node);
  }

  resolveTreeItem(
    item: vscode.TreeItem,
    node: unknown,
    token: vscode.CancellationToken,
  ): vscode.ProviderResult<vscode.TreeItem> {
    return this.#provider.resolveTreeItem?.(item, node, token) ?? item;
  }

  /** VS Code tells of the selection before the click, but knows of none while a whole list is drawn again. */
  async #openSelected(): Promise<void> {
    for (let attempt = 0; attempt < SELECTION_ATTEMPTS && this.#view.selection.length === 0; attempt++)
      await new Promise((resolve) => setTimeout(resolve, SELECTION_PAUSE_MS));
    const [node] = this.#view.selection;
    const command = typeof node === 'object' && node !== null ? this.#commands.get(node) : undefined;
    if (command !== undefined) await vscode.commands.executeCommand(command.command, ...(command.arguments ?? []));
  }

  /** Only asked for rows that `getChildren` gave, so the contents are there. */
  get #provider(): vscode.TreeDataProvider<unknown> {
    return this.#contents!.provider;
  }

  #controller(id: string): vscode.TreeDragAndDropController<unknown> {
    const mimeTypes = [dragType(id)];
    return {
      dragMimeTypes: mimeTypes,
      dropMimeTypes: mimeTypes,
      handleDrag: (nodes, data, token) => this.#contents?.moving?.handleDrag?.(nodes, data, token),
      handleDrop: (target, data, token) => this.#contents?.moving?.handleDrop?.(target, data, token),
    };
  }
}

/** The type under which VS Code carries rows of a view to itself. */
export function dragType(viewId: string): string {
  return `application/vnd.code.tree.${viewId.toLowerCase()}`;
}
