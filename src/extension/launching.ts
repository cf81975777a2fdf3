import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import type { App } from './app.ts';
import type { LaunchingLoader, LaunchingView } from './launchingView.ts';

const entryLanguages = new Set(['python', 'shellscript', 'makefile']);

/** Whether a document is one in which launching has something to show: a lens, a completion, a problem. */
function isOfInterest({ uri, languageId }: vscode.TextDocument): boolean {
  if (uri.scheme !== 'file') return false;
  return entryLanguages.has(languageId) || /(\.(slurm|sbatch)|[\\/]trainyard\.ya?ml)$/.test(uri.path);
}

/**
 * Loads the parts around launching when they are first of use: the worker has runs to show, a script or trainyard.yaml is open, or a command asks.
 * A window in which nothing of that happens never pays for them.
 */
export class Launching extends Disposables implements LaunchingLoader {
  readonly #app: () => App;
  #parts: Promise<LaunchingView> | undefined;

  constructor(app: () => App) {
    super();
    this.#app = app;
  }

  /** Called once all parts of the window stand. */
  start(): void {
    const load = (): void => void this.parts().catch(() => undefined);
    this.add(
      vscode.workspace.onDidOpenTextDocument((document) => {
        if (isOfInterest(document)) load();
      }),
    );
    this.add(
      this.#app().feed.onChange((change) => {
        if (change.kind === 'all') load();
      }),
    );
    if (vscode.workspace.textDocuments.some(isOfInterest)) load();
  }

  async parts(): Promise<LaunchingView> {
    this.#parts ??= this.#load();
    return await this.#parts;
  }

  async #load(): Promise<LaunchingView> {
    const { LaunchingParts } = await import('./launchingParts.ts');
    return this.add(new LaunchingParts(this.#app()));
  }
}
