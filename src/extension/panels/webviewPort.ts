import type * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { Port } from '../../protocol/messagePort.ts';

/**
 * The host's end of the messages of one page. A webview that is hidden loses its page, and the next page counts its requests from one again;
 * so each page has a port of its own, and a port that was disposed neither sends nor hears.
 */
export class WebviewPort extends Disposables implements Port {
  readonly #webview: vscode.Webview;
  readonly #closeListeners = new Set<() => void>();

  constructor(webview: vscode.Webview) {
    super();
    this.#webview = webview;
    this.onDispose(() => {
      for (const listener of this.#closeListeners) listener();
      this.#closeListeners.clear();
    });
  }

  post(message: unknown): void {
    if (!this.isDisposed) void this.#webview.postMessage(message);
  }

  onMessage(listener: (message: unknown) => void): { dispose(): void } {
    return this.add(this.#webview.onDidReceiveMessage(listener));
  }

  onClose(listener: () => void): { dispose(): void } {
    this.#closeListeners.add(listener);
    return { dispose: () => void this.#closeListeners.delete(listener) };
  }
}
