import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import type { App } from './app.ts';
import { registerCommands } from './commands/register.ts';
import { contentSchemes, panelTypes } from './contributions.ts';
import type { PanelKind } from './panels/panel.ts';
import { LazyContent } from './ui/lazyContent.ts';
import { Views } from './views.ts';

/** After activation the window waits this long before it loads its parts and looks whether there are runs to watch. */
const FIRST_LOOK_MS = 1500;

/** What tests in an extension host get; everybody else gets nothing. */
export interface TestExports {
  readonly app: () => Promise<App>;
}

/**
 * Registers what VS Code must know by name and returns. All that works behind those names is in `window.ts`, which is loaded when a view is
 * first seen, a command is used, a tab comes back, or a moment has passed: a start costs neither its code nor the worker.
 */
export function activate(context: vscode.ExtensionContext): TestExports | undefined {
  const owned = new Disposables();
  context.subscriptions.push(owned);
  let opened: Promise<App> | undefined;
  const app = (): Promise<App> => {
    opened ??= open();
    return opened;
  };
  const views = owned.add(new Views(app));
  const documents = owned.add(new LazyContent(contentSchemes.document, app));
  const logs = owned.add(new LazyContent(contentSchemes.log, app));
  const open = async (): Promise<App> => {
    const { openWindow } = await import('./window.ts').catch(sayReload);
    return openWindow({ context, owned, views, documents, logs });
  };
  owned.add(registerCommands(app));
  for (const kind of Object.keys(panelTypes) as PanelKind[]) owned.add(bringBack(kind, app));
  const timer = setTimeout(() => void app().catch(() => undefined), FIRST_LOOK_MS);
  owned.onDispose(() => clearTimeout(timer));
  return context.extensionMode === vscode.ExtensionMode.Test ? { app } : undefined;
}

/** VS Code disposes the subscriptions; jobs and the worker go on by themselves. */
export function deactivate(): void {}

/** Panels that were open when the window closed. */
function bringBack(kind: PanelKind, app: () => Promise<App>): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(panelTypes[kind], {
    deserializeWebviewPanel: async (webviewPanel, state: unknown) =>
      (await app()).panels.bringBack(kind, webviewPanel, state),
  });
}

/** An update that replaced the files under a window that is open; its parts can no longer be loaded. */
function sayReload(error: unknown): never {
  void vscode.window.showErrorMessage(
    `Trainyard's own files cannot be loaded (${(error as Error).message}). Reload the window with "Developer: Reload Window".`,
  );
  throw error;
}
