import * as vscode from 'vscode';
import { describeError, type ErrorCode, toErrorInfo } from '../base/errors.ts';
import { commandIds } from './contributions.ts';
import type { Journal } from './log/journal.ts';

interface Button {
  readonly title: string;
  readonly command: string;
}

const showLog: Button = { title: 'Show Log', command: commandIds.showOutput };
const doctor: Button = { title: 'Doctor', command: commandIds.doctor };
const restart: Button = { title: 'Restart Worker', command: commandIds.restartWorker };
const trust: Button = { title: 'Manage Trust', command: 'workbench.trust.manage' };

/** What a message about each kind of error offers. `null`: the person gave up, so nothing is said. */
const buttons: { readonly [C in ErrorCode]: readonly Button[] | null } = {
  'bad-argument': [showLog],
  'bad-config': [showLog],
  'bad-data': [showLog],
  'bad-file': [showLog],
  'not-found': [showLog],
  conflict: [showLog],
  'device-unavailable': [doctor, showLog],
  'disk-full': [showLog],
  'read-only': [showLog],
  'out-of-memory': [showLog],
  'not-trusted': [trust],
  'worker-unavailable': [restart, doctor, showLog],
  'worker-version': [restart, showLog],
  closed: [restart, showLog],
  cancelled: null,
  timeout: [restart, showLog],
  unreachable: [doctor, showLog],
  refused: [doctor, showLog],
  diverged: [showLog],
  internal: [showLog],
};

/** The one place where an error becomes a message: the sentence, the next move, and buttons that make it. Also keeps it in the log. */
export function presentError(output: Journal, doing: string, error: unknown): void {
  const info = toErrorInfo(error);
  const offered = buttons[info.code];
  if (offered === null) return;
  output.error(`${doing}: ${describeError(error)}`);
  if (info.code === 'internal' && error instanceof Error && error.stack !== undefined) output.error(error.stack);
  void offer(describeError(error), offered);
}

async function offer(message: string, offered: readonly Button[]): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(message, ...offered.map(({ title }) => title));
  const button = offered.find(({ title }) => title === chosen);
  if (button !== undefined) await vscode.commands.executeCommand(button.command);
}
