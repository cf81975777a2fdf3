import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import { panelTypes } from '../contributions.ts';
import { Panel, type PanelKind, type PanelServices } from './panel.ts';

const titles: { readonly [K in PanelKind]: string } = { metrics: 'Metrics', samples: 'Samples' };

/** The window's panels, one of each kind. */
export class Panels extends Disposables {
  readonly #services: PanelServices;
  readonly #open = new Map<PanelKind, Panel>();

  constructor(services: PanelServices) {
    super();
    this.#services = services;
  }

  /** Takes over a panel that VS Code brought back after a reload. */
  bringBack(kind: PanelKind, webviewPanel: vscode.WebviewPanel, state: unknown): void {
    this.#adopt(kind, webviewPanel, undefined, state);
  }

  /** The open panel of this kind. */
  panel(kind: PanelKind): Panel | undefined {
    return this.#open.get(kind);
  }

  /** Shows runs in the panel of this kind: in the open one, else in a new one beside what the person edits. */
  show(kind: PanelKind, runIds: readonly RunId[]): void {
    const open = this.#open.get(kind);
    if (open !== undefined) {
      open.select(runIds);
      open.reveal();
      return;
    }
    const { extensionUri } = this.#services;
    const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    const webviewPanel = vscode.window.createWebviewPanel(
      panelTypes[kind],
      titles[kind],
      { viewColumn: column, preserveFocus: true },
      { enableScripts: true, localResourceRoots: resourceRoots(extensionUri), enableFindWidget: false },
    );
    this.#adopt(kind, webviewPanel, runIds, undefined);
  }

  #adopt(
    kind: PanelKind,
    webviewPanel: vscode.WebviewPanel,
    runIds: readonly RunId[] | undefined,
    state: unknown,
  ): void {
    const { extensionUri } = this.#services;
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(extensionUri, 'media', 'icons', `${kind}-${theme}.svg`);
    webviewPanel.iconPath = { light: icon('light'), dark: icon('dark') };
    webviewPanel.webview.options = { enableScripts: true, localResourceRoots: resourceRoots(extensionUri) };
    const panel = this.add(new Panel(this.#services, kind, webviewPanel, runIds, state));
    this.#open.set(kind, panel);
    webviewPanel.onDidDispose(() => {
      if (this.#open.get(kind) === panel) this.#open.delete(kind);
      this.delete(panel);
    });
  }
}

function resourceRoots(extensionUri: vscode.Uri): vscode.Uri[] {
  return ['dist', 'media'].map((folder) => vscode.Uri.joinPath(extensionUri, folder));
}
