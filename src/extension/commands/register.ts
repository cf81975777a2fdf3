import * as vscode from 'vscode';
import { type Disposable, Disposables } from '../../base/disposables.ts';
import type { App } from '../app.ts';
import { type CommandName, commandIds } from '../contributions.ts';

/**
 * Registers every command; what they do is in `handlers.ts`, loaded when one is first used. What a handler throws becomes a message, so a command
 * never fails silently.
 */
export function registerCommands(app: () => Promise<App>): Disposable {
  const owned = new Disposables();
  for (const name of Object.keys(commandIds) as CommandName[]) {
    owned.add(vscode.commands.registerCommand(commandIds[name], (...args: unknown[]) => run(app, name, args)));
  }
  return owned;
}

async function run(app: () => Promise<App>, name: CommandName, args: readonly unknown[]): Promise<unknown> {
  const parts = await app();
  const [{ handlers }, { presentError }] = await Promise.all([import('./handlers.ts'), import('../errors.ts')]);
  try {
    return await handlers[name](parts, ...args);
  } catch (error) {
    presentError(parts.output, commandIds[name], error);
    return undefined;
  }
}
