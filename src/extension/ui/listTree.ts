import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import { type ErrorNode, errorItem } from './errorItem.ts';

/** What a small tree shows: its first level, the levels below, and how a row looks. Rows need stable ids. */
export interface ListTreeOptions<Node extends { readonly kind: string }> {
  readonly load: () => Promise<readonly Node[]>;
  /** Drops what `load` keeps, so that it asks again. */
  readonly forget?: () => void;
  readonly children: (node: Node) => readonly Node[];
  readonly item: (node: Node) => vscode.TreeItem;
  /** Markdown for the row under the pointer, where that costs a question; undefined keeps what `item` gave. */
  readonly tooltip?: (node: Node) => Promise<string | undefined>;
}

/** A tree whose rows are collected anew at every change. For lists of at most some thousands; the Runs view has its own. */
export class ListTree<Node extends { readonly kind: string }>
  extends Disposables
  implements vscode.TreeDataProvider<Node | ErrorNode>
{
  readonly #options: ListTreeOptions<Node>;
  readonly #redraw = this.add(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#redraw.event;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ListTreeOptions<Node>) {
    super();
    this.#options = options;
    this.onDispose(() => clearTimeout(this.#timer));
  }

  /** Draws again, at most a few times per second. */
  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#redraw.fire(undefined);
    }, 200);
  }

  /** Asks for everything again, and draws it. */
  reload(): void {
    this.#options.forget?.();
    this.refresh();
  }

  async getChildren(node?: Node | ErrorNode): Promise<(Node | ErrorNode)[]> {
    if (node !== undefined) return isError(node) ? [] : [...this.#options.children(node)];
    try {
      return [...(await this.#options.load())];
    } catch (error) {
      return [{ kind: 'error', error }];
    }
  }

  getTreeItem(node: Node | ErrorNode): vscode.TreeItem {
    return isError(node) ? errorItem(node) : this.#options.item(node);
  }

  /** Called for the row under the pointer only. */
  async resolveTreeItem(item: vscode.TreeItem, node: Node | ErrorNode): Promise<vscode.TreeItem> {
    const text = isError(node) ? undefined : await this.#options.tooltip?.(node);
    if (text !== undefined) item.tooltip = new vscode.MarkdownString(text, true);
    return item;
  }
}

function isError(node: { readonly kind: string }): node is ErrorNode {
  return node.kind === 'error';
}
