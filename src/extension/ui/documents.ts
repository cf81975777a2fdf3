import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { LazyContent } from './lazyContent.ts';

/** Read-only documents that exist only in the editor: previews and reports. Their text goes when they are closed. */
export class Documents extends Disposables {
  readonly #texts = new Map<string, string>();
  readonly #content: LazyContent;

  constructor(content: LazyContent) {
    super();
    this.#content = content;
    content.fill((uri) => this.#texts.get(uri.toString()) ?? '');
    this.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => void this.#texts.delete(uri.toString())));
  }

  /** Gives the text an address; the name's ending decides the language. The same name replaces the text. */
  put(name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: this.#content.scheme, path: `/${name}` });
    this.#texts.set(uri.toString(), text);
    this.#content.changed(uri);
    return uri;
  }

  /** Opens the text in an editor. */
  async show(name: string, text: string, options: vscode.TextDocumentShowOptions = {}): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.put(name, text));
    await vscode.window.showTextDocument(document, { preview: true, ...options });
  }

  /** Opens Markdown as people read it. */
  async showMarkdown(name: string, text: string): Promise<void> {
    const uri = this.put(name, text);
    await vscode.workspace.openTextDocument(uri);
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  }
}
