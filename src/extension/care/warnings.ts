import path from 'node:path';
import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { App } from '../app.ts';
import { claim } from '../claims.ts';
import { commandIds } from '../contributions.ts';
import { type CareWarning, sentenceOf, statusText, takeWarning, type Warnings } from './model.ts';

/** Claims of warnings are kept apart by the hour: one that comes again much later is told again. */
const HOUR_MS = 3_600_000;

/** Tells what endangers runs: one message when it begins, in one window, and an item in the status bar for as long as it lasts. */
export class CareWarnings extends Disposables {
  readonly #app: App;
  #warnings: Warnings = new Map();
  #item: vscode.StatusBarItem | undefined;

  constructor(app: App) {
    super();
    this.#app = app;
    this.add(app.worker.on('care.warning', (warning) => this.#take(warning)));
    this.add(
      app.worker.onState(({ kind }) => {
        if (kind === 'connected') void this.#catchUp();
      }),
    );
    if (app.worker.state.kind === 'connected') void this.#catchUp();
  }

  get warnings(): Warnings {
    return this.#warnings;
  }

  #take(warning: CareWarning): void {
    const { warnings, isNew } = takeWarning(this.#warnings, warning);
    this.#warnings = warnings;
    this.#show();
    if (isNew) void this.#tell(warning).catch(() => undefined);
  }

  /** What was told before this window could hear it; another worker may know of nothing. */
  async #catchUp(): Promise<void> {
    const answer = await this.#app.worker.call('care.list', {}).catch(() => undefined);
    if (answer === undefined || this.isDisposed) return;
    const open = new Set(answer.warnings.map(({ key }) => key));
    for (const warning of this.#warnings.values()) if (!open.has(warning.key)) this.#take({ ...warning, over: true });
    for (const warning of answer.warnings) this.#take(warning);
  }

  #show(): void {
    const text = statusText(this.#warnings);
    if (text === undefined) {
      this.#item?.hide();
      return;
    }
    this.#item ??= this.#makeItem();
    const sentences = [...this.#warnings.values()].map(sentenceOf);
    this.#item.text = text;
    this.#item.tooltip = sentences.join('\n');
    this.#item.accessibilityInformation = { label: sentences.join(' '), role: 'button' };
    this.#item.show();
  }

  #makeItem(): vscode.StatusBarItem {
    const item = this.add(vscode.window.createStatusBarItem('trainyard.care', vscode.StatusBarAlignment.Left, -1));
    item.name = 'Trainyard Warnings';
    item.command = commandIds.doctor;
    item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    return item;
  }

  async #tell(warning: CareWarning): Promise<void> {
    this.#app.output.warn(sentenceOf(warning));
    const claims = path.join(this.#app.context.globalStorageUri.fsPath, 'warned');
    const name = `${warning.key.replace(/[^\w.-]+/g, '-')}-${Math.floor(Date.now() / HOUR_MS)}`;
    if (!(await claim(claims, name))) return;
    const chosen = await vscode.window.showWarningMessage(sentenceOf(warning), 'Doctor');
    if (chosen === 'Doctor') await vscode.commands.executeCommand(commandIds.doctor);
  }
}
