import * as vscode from 'vscode';
import { toErrorInfo } from '../../base/errors.ts';
import { commandIds } from '../contributions.ts';
import { escapeMarkdown } from './markdown.ts';

/** A row that stands for a list that could not be had. */
export interface ErrorNode {
  readonly kind: 'error';
  readonly error: unknown;
}

/** The row of an error: its sentence, the next move in the tooltip, and a click that tries again. */
export function errorItem({ error }: ErrorNode): vscode.TreeItem {
  const { message, hint } = toErrorInfo(error);
  const item = new vscode.TreeItem(message);
  item.id = 'error';
  item.contextValue = 'error';
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
  item.description = 'Select to try again';
  item.tooltip = new vscode.MarkdownString([message, hint ?? ''].map(escapeMarkdown).join('\n\n'));
  item.command = { command: commandIds.refresh, title: 'Try Again' };
  item.accessibilityInformation = { label: `Error: ${message} ${hint ?? ''} Press Enter to try again.` };
  return item;
}
