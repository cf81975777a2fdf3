import * as vscode from 'vscode';
import type { RunId } from '../../domain/ids.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { Sweep } from '../../domain/sweep.ts';
import { commandIds } from '../contributions.ts';
import { runContext } from '../runs/present.ts';
import { ListTree } from '../ui/listTree.ts';
import { count } from '../ui/numbers.ts';
import {
  collectSweeps,
  describeSweep,
  describeTrial,
  type FailureNode,
  failurePlace,
  type StateNode,
  type SweepNode,
  type SweepsNode,
  sweepChildren,
  sweepContext,
  sweepState,
  type TrialNode,
  trialLooks,
  trialTitle,
} from './model.ts';

export interface SweepsTreeOptions {
  readonly load: () => Promise<Iterable<Sweep>>;
  readonly run: (runId: RunId) => RunSummary | undefined;
}

/** The Sweeps view's data: sweeps, their trials by state, failed ones by cause. */
export function sweepsTree(options: SweepsTreeOptions): ListTree<SweepsNode> {
  return new ListTree<SweepsNode>({
    load: async () => collectSweeps(await options.load()),
    children: sweepChildren,
    item: (node) => sweepsItem(node, options),
  });
}

function sweepsItem(node: SweepsNode, options: SweepsTreeOptions): vscode.TreeItem {
  switch (node.kind) {
    case 'sweep':
      return sweepItem(node);
    case 'state':
      return stateItem(node);
    case 'failure':
      return failureItem(node);
    case 'trial':
      return trialItem(node, options);
  }
}

function sweepItem({ sweep }: SweepNode): vscode.TreeItem {
  const item = new vscode.TreeItem(sweep.name, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `sweep/${sweep.id}`;
  item.description = describeSweep(sweep);
  item.iconPath = sweep.paused ? new vscode.ThemeIcon('debug-pause') : stateIcon(sweepState(sweep));
  item.contextValue = sweepContext(sweep);
  item.accessibilityInformation = { label: `Sweep ${sweep.name}, ${item.description}` };
  return item;
}

function stateItem({ sweep, state }: StateNode): vscode.TreeItem {
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const word = trialLooks[state].word;
  const item = new vscode.TreeItem(
    word.charAt(0).toUpperCase() + word.slice(1),
    state === 'failed' ? Expanded : Collapsed,
  );
  item.id = `sweep/${sweep.id}/${state}`;
  item.description = String(sweep.counts[state]);
  item.iconPath = stateIcon(state);
  item.contextValue = `trials ${state}`;
  item.accessibilityInformation = { label: `${count(sweep.counts[state], 'trial')} ${word}` };
  return item;
}

function failureItem({ sweep, group }: FailureNode): vscode.TreeItem {
  const { failure, trials } = group;
  const item = new vscode.TreeItem(failure.message, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `sweep/${sweep.id}/failure/${failure.signature}`;
  item.description = [count(trials.length, 'trial'), failure.kind, failurePlace(failure)].filter(Boolean).join(' · ');
  item.iconPath = new vscode.ThemeIcon('bug', new vscode.ThemeColor('testing.iconFailed'));
  item.contextValue = failure.file === undefined ? 'failure' : 'failure place';
  item.tooltip =
    `${failure.message}\n${failure.file ?? ''}${failure.line === undefined ? '' : `:${failure.line}`}`.trim();
  if (failure.file !== undefined)
    item.command = {
      command: commandIds.openFailure,
      title: 'Open the Place',
      arguments: [{ failure, folder: sweep.folder }],
    };
  item.accessibilityInformation = { label: `${failure.message}, ${item.description}` };
  return item;
}

function trialItem(node: TrialNode, { run }: SweepsTreeOptions): vscode.TreeItem {
  const { sweep, trial, runId } = node;
  const item = new vscode.TreeItem(trialTitle(trial));
  item.id = `sweep/${sweep.id}/trial/${trial.index}`;
  item.description = describeTrial(node);
  item.iconPath = stateIcon(trial.state);
  const known = runId === undefined ? undefined : run(runId);
  item.contextValue = ['trial', trial.state, known === undefined ? '' : runContext(known)].filter(Boolean).join(' ');
  item.tooltip = [trialTitle(trial), trial.failure?.message ?? '', known?.statusReason ?? '']
    .filter(Boolean)
    .join('\n');
  if (known !== undefined)
    item.command = { command: commandIds.showMetrics, title: 'Show Metrics', arguments: [known.id] };
  item.accessibilityInformation = {
    label: `${trialTitle(trial)}, ${trialLooks[trial.state].word}, ${item.description}`,
  };
  return item;
}

function stateIcon(state: keyof typeof trialLooks): vscode.ThemeIcon {
  const { icon, color } = trialLooks[state];
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}
