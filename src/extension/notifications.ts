import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { Disposables } from '../base/disposables.ts';
import type { RunSummary } from '../domain/run.ts';
import { commandIds } from './contributions.ts';
import { endMessage } from './runs/endMessage.ts';
import type { RunsFeed } from './runs/feed.ts';
import { setting } from './settings.ts';
import type { LazyLink } from './worker/lazyLink.ts';

/** A window that nobody looks at leaves the message to another one for this long. */
const POLITENESS_MS = 400;
const KEEP_CLAIMS_MS = 7 * 24 * 3600 * 1000;

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
    const buttons = ['Open', 'Log', ...(run.source === 'trainyard' ? ['Run Again'] : [])];
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

/** Whether this window is the first to speak of the run. */
async function claim(folder: string, runId: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(path.join(folder, runId), 'wx', 0o600);
    await file.close();
    void forgetOld(folder).catch(() => undefined);
    return true;
  } catch (error) {
    // A folder that cannot be written is no reason to be silent.
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}

async function forgetOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if (Date.now() - (await stat(file)).mtimeMs > KEEP_CLAIMS_MS) await rm(file, { force: true });
  }
}
