import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';

/** Gives the text of a document of one's own scheme. */
export type ContentSource = (uri: vscode.Uri) => Promise<string> | string;

/** Documents of one scheme, registered from the start on so that VS Code can bring tabs back, with texts from code that is loaded later. */
export class LazyContent extends Disposables {
  readonly scheme: string;
  readonly #changed = this.add(new vscode.EventEmitter<vscode.Uri>());
  #source: ContentSource | undefined;

  /** `load` must lead to `fill`. */
  constructor(scheme: string, load: () => Promise<unknown>) {
    super();
    this.scheme = scheme;
    this.add(
      vscode.workspace.registerTextDocumentContentProvider(scheme, {
        onDidChange: this.#changed.event,
        provideTextDocumentContent: async (uri) => {
          if (this.#source === undefined) await load();
          return (await this.#source?.(uri)) ?? '';
        },
      }),
    );
  }

  fill(source: ContentSource): void {
    this.#source = source;
  }

  /** The text of this document is another one now. */
  changed(uri: vscode.Uri): void {
    this.#changed.fire(uri);
  }
}
