import * as vscode from 'vscode';
import type { LogEntry, LogLink } from '../../domain/logEntry.ts';
import type { RunSummary } from '../../domain/run.ts';
import { commandIds } from '../contributions.ts';
import { describeRun, runContext, runSpeech, statusLooks } from '../runs/present.ts';
import { ListTree } from '../ui/listTree.ts';
import { codeSpan, escapeMarkdown } from '../ui/markdown.ts';
import { count } from '../ui/numbers.ts';
import { collectEntries, type EntryNode, entryLook, entrySpeech, type LinkedRunNode, type PhaseNode } from './model.ts';

export type LogNode = PhaseNode | EntryNode | LinkedRunNode;

/** The logs of all folders, and which runs their entries are about. */
export interface LogContent {
  readonly entries: readonly LogEntry[];
  readonly links: readonly LogLink[];
}

export interface LogTreeOptions {
  readonly content: () => Promise<LogContent>;
  readonly runs: () => Iterable<RunSummary>;
  /** Makes the next `content` read the files again. */
  readonly forget: () => void;
}

/** The Experiment Log view's data. */
export function experimentLogTree(options: LogTreeOptions): ListTree<LogNode> {
  return new ListTree<LogNode>({
    forget: options.forget,
    load: async () => {
      const { entries, links } = await options.content();
      return collectEntries(entries, options.runs(), links);
    },
    children: (node) => (node.kind === 'linkedRun' ? [] : node.children),
    item: (node) => items[node.kind](node as never),
  });
}

const items: { readonly [Kind in LogNode['kind']]: (node: Extract<LogNode, { kind: Kind }>) => vscode.TreeItem } = {
  phase: phaseItem,
  entry: entryItem,
  linkedRun: linkedRunItem,
};

function phaseItem(node: PhaseNode): vscode.TreeItem {
  const item = new vscode.TreeItem(node.title, vscode.TreeItemCollapsibleState.Expanded);
  item.id = node.id;
  item.description = String(node.children.length);
  item.accessibilityInformation = { label: `${node.title}, ${count(node.children.length, 'entry', 'entries')}` };
  return item;
}

function entryItem({ id, entry, children }: EntryNode): vscode.TreeItem {
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(entry.title, children.length > 0 ? Collapsed : None);
  const look = entryLook(entry.status);
  item.id = id;
  item.description = entry.status.toLowerCase();
  item.iconPath = themeIcon(look);
  item.contextValue = 'entry';
  item.tooltip = entryTooltip(entry);
  item.command = { command: commandIds.openEntry, title: 'Open Entry', arguments: [entry.file, entry.line] };
  item.accessibilityInformation = { label: entrySpeech(entry) };
  return item;
}

function entryTooltip(entry: LogEntry): vscode.MarkdownString {
  const parts = [
    `**${escapeMarkdown(entry.title)}**`,
    escapeMarkdown(entry.status),
    entry.command === '' ? '' : codeSpan(entry.command),
    escapeMarkdown(entry.conclusion),
  ];
  return new vscode.MarkdownString(parts.filter((part) => part !== '').join('\n\n'));
}

function linkedRunItem({ id, run, why }: LinkedRunNode): vscode.TreeItem {
  const item = new vscode.TreeItem(run.name);
  item.id = id;
  item.description = describeRun(run);
  if (why !== undefined) item.tooltip = why;
  item.iconPath = themeIcon(statusLooks[run.status]);
  item.contextValue = runContext(run);
  item.command = { command: commandIds.showMetrics, title: 'Show Metrics', arguments: [run.id] };
  item.accessibilityInformation = { label: runSpeech(run) };
  return item;
}

function themeIcon({ icon, color }: { readonly icon: string; readonly color?: string }): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}
