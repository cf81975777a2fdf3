import type * as vscode from 'vscode';
import type { ConnectOptions } from '../../client/index.ts';
import { setting } from '../settings.ts';

/** How this window finds or starts the worker. Without a Node of the person's own choice, VS Code's own program plays Node. */
export function workerOptions(context: vscode.ExtensionContext, workerFile: string): ConnectOptions {
  const node = setting('worker.nodePath');
  const env = { ...process.env, TRAINYARD_IDLE_MINUTES: String(setting('worker.idleMinutes')) };
  const version = String(context.extension.packageJSON.version);
  return { client: 'extension', version, workerFile, env, ...(node === '' ? {} : { node }) };
}
