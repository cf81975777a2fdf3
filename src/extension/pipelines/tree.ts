import * as vscode from 'vscode';
import type { RunId } from '../../domain/ids.ts';
import type { RunSummary } from '../../domain/run.ts';
import { commandIds } from '../contributions.ts';
import { runContext } from '../runs/present.ts';
import { ListTree } from '../ui/listTree.ts';
import { count } from '../ui/numbers.ts';
import {
  describeParameters,
  describePipelineRun,
  type PipelineNode,
  type PipelineRunNode,
  type PipelinesNode,
  pipelineChildren,
  pipelineRunState,
  type StageNode,
  type StageState,
  stageLooks,
  stageTooltip,
} from './model.ts';

export interface PipelinesTreeOptions {
  readonly load: () => Promise<readonly PipelineNode[]>;
  readonly run: (runId: RunId) => RunSummary | undefined;
}

/** The Pipelines view's data: pipelines, their runs, and the stages of each with their state. */
export function pipelinesTree({ load, run }: PipelinesTreeOptions): ListTree<PipelinesNode> {
  return new ListTree<PipelinesNode>({
    load,
    children: pipelineChildren,
    item: (node) => {
      if (node.kind === 'pipeline') return pipelineItem(node);
      return node.kind === 'pipelineRun' ? runItem(node) : stageItem(node, run);
    },
  });
}

function pipelineItem({ name, pipeline, runs, folder }: PipelineNode): vscode.TreeItem {
  const { Expanded, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(name, runs.length > 0 ? Expanded : None);
  // VS Code keeps rows closed that had nothing below them when it first drew them, so one with launches is another row.
  item.id = `pipeline/${folder}/${name}${runs.length > 0 ? '/launched' : ''}`;
  const stages = pipeline?.stages.map((stage) => stage.name).join(' → ');
  item.description = stages ?? 'not in trainyard.yaml any more';
  item.iconPath = new vscode.ThemeIcon('git-commit');
  item.contextValue = pipeline === undefined ? 'pipeline former' : 'pipeline launchable';
  item.tooltip = `${stages ?? name}\n${runs.length === 0 ? 'Not launched yet.' : count(runs.length, 'launch', 'launches')}`;
  return item;
}

function runItem({ run }: PipelineRunNode): vscode.TreeItem {
  const parameters = describeParameters(run.parameters);
  const item = new vscode.TreeItem(
    parameters === '' ? run.pipeline : parameters,
    vscode.TreeItemCollapsibleState.Expanded,
  );
  item.id = `pipelineRun/${run.id}`;
  item.description = describePipelineRun(run, Date.now() / 1000);
  item.iconPath = stageIcon(pipelineRunState(run));
  item.contextValue = `pipelineRun ${pipelineRunState(run)}`;
  item.accessibilityInformation = { label: `${run.pipeline} ${parameters}, ${item.description}` };
  return item;
}

function stageItem(node: StageNode, run: PipelinesTreeOptions['run']): vscode.TreeItem {
  const { stage, runId } = node;
  const item = new vscode.TreeItem(stage.name);
  item.id = `pipelineRun/${node.run.id}/${stage.name}`;
  item.description = stageLooks[stage.state].word;
  item.iconPath = stageIcon(stage.state);
  const known = runId === undefined ? undefined : run(runId);
  item.contextValue = ['stage', stage.state, known === undefined ? '' : runContext(known)].filter(Boolean).join(' ');
  item.tooltip = [stageTooltip(node), known?.statusReason ?? ''].filter(Boolean).join('\n');
  if (known !== undefined) item.command = { command: commandIds.showLog, title: 'Show Log', arguments: [known.id] };
  item.accessibilityInformation = { label: `Stage ${stage.name}, ${stageLooks[stage.state].word}` };
  return item;
}

function stageIcon(state: StageState): vscode.ThemeIcon {
  const { icon, color } = stageLooks[state];
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}
