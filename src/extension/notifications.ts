import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import type { RunSummary } from '../domain/run.ts';
import { claim } from './claims.ts';
import { commandIds } from './contributions.ts';
import { endMessage } from './runs/endMessage.ts';
import type { RunsFeed } from './runs/feed.ts';
import { setting } from './settings.ts';
import type { LazyLink } from './worker/lazyLink.ts';

/** A window that nobody looks at leaves the message to another one for this long. */
const POLITENESS_MS = 400;

export interface NotificationOptions {
  readonly worker: LazyLink;
  readonly feed: RunsFeed;
  /** A folder of the extension that all windows of this user share. */
  readonly claims: string;
}

/** One message at the end of a run. The worker tells every window; the first to make the run's claim file speaks. */
export class Notifications extends Disposables {
  readonly #options: NotificationOptions;

  constructor(options: NotificationOptions) {
    super();
    this.#options = options;
    this.add(options.worker.on('run.ended', ({ run }) => void this.#tell(run).catch(() => undefined)));
  }

  async #tell(run: RunSummary): Promise<void> {
    const message = endMessage(run, setting('notifications'));
    if (message === undefined || !this.#options.feed.runs.has(run.id)) return;
    if (!vscode.window.state.focused) await new Promise((resolve) => setTimeout(resolve, POLITENESS_MS));
    if (this.isDisposed || !(await claim(this.#options.claims, run.id))) return;
    // Where nothing was logged there are no charts to open.
    const open = run.metrics.length === 0 ? [] : ['Open'];
    const buttons = [...open, 'Log', ...(run.source === 'trainyard' ? ['Run Again'] : [])];
    const show = message.failed ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
    const chosen = await show(message.text, ...buttons);
    const command = chosen === undefined ? undefined : commandsOfButtons[chosen];
    if (command !== undefined) await vscode.commands.executeCommand(command, run.id);
  }
}

const commandsOfButtons: { readonly [button: string]: string } = {
  Open: commandIds.showMetrics,
  Log: commandIds.showLog,
  'Run Again': commandIds.runAgain,
};
