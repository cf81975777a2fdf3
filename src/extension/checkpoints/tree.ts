import * as vscode from 'vscode';
import { toErrorInfo } from '../../base/errors.ts';
import type { Checkpoint, CheckpointDetails } from '../../domain/checkpoint.ts';
import { commandIds } from '../contributions.ts';
import { ListTree } from '../ui/listTree.ts';
import { checkpointTooltip } from './details.ts';
import {
  type ArchitectureNode,
  type CheckpointNode,
  type CheckpointRunNode,
  checkpointContext,
  checkpointTitle,
  collectCheckpoints,
  describeCheckpoint,
  describeGroup,
} from './model.ts';

export type CheckpointsNode = ArchitectureNode | CheckpointRunNode | CheckpointNode;

export interface CheckpointsTreeOptions {
  readonly load: () => Promise<readonly Checkpoint[]>;
  /** What is in the file of one. Rejects with what is wrong with it. */
  readonly inspect: (path: string) => Promise<CheckpointDetails>;
}

/** The Checkpoints view's data. */
export function checkpointsTree({ load, inspect }: CheckpointsTreeOptions): ListTree<CheckpointsNode> {
  return new ListTree<CheckpointsNode>({
    load: async () => collectCheckpoints(await load()),
    tooltip: async (node) => (node.kind === 'checkpoint' ? await tooltipOf(node.checkpoint, inspect) : undefined),
    children: (node) => (node.kind === 'checkpoint' ? [] : node.children),
    item: (node) => items[node.kind](node as never),
  });
}

const items: {
  readonly [Kind in CheckpointsNode['kind']]: (node: Extract<CheckpointsNode, { kind: Kind }>) => vscode.TreeItem;
} = {
  architecture: (node) =>
    groupItem(
      node,
      'layers',
      node.children.flatMap(({ children }) => children),
    ),
  checkpointRun: (node) => groupItem(node, 'beaker', node.children),
  checkpoint: checkpointItem,
};

function groupItem(
  node: ArchitectureNode | CheckpointRunNode,
  icon: string,
  files: readonly CheckpointNode[],
): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const open = node.kind === 'architecture' || node.isNewest;
  const item = new vscode.TreeItem(node.name, open ? Expanded : Collapsed);
  item.id = node.id;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.description = describeGroup(files.map(({ checkpoint }) => checkpoint));
  item.contextValue = node.kind === 'checkpointRun' && node.runId !== undefined ? 'checkpointRun known' : node.kind;
  item.accessibilityInformation = { label: `${node.name}, ${item.description}` };
  return item;
}

function checkpointItem({ checkpoint, id }: CheckpointNode): vscode.TreeItem {
  const title = checkpointTitle(checkpoint);
  const item = new vscode.TreeItem(title);
  item.id = id;
  item.description = describeCheckpoint(checkpoint, Date.now() / 1000);
  item.iconPath = icon(checkpoint);
  item.contextValue = checkpointContext(checkpoint);
  item.command = {
    command: commandIds.openCheckpoint,
    title: 'Open Checkpoint Details',
    arguments: [checkpoint.path],
  };
  item.accessibilityInformation = {
    label: `Checkpoint ${title} of ${checkpoint.runName ?? 'no known run'}, ${item.description}`,
  };
  return item;
}

function icon({ best, isLast }: Checkpoint): vscode.ThemeIcon {
  if (best !== undefined) return new vscode.ThemeIcon('star-full', new vscode.ThemeColor('charts.yellow'));
  return new vscode.ThemeIcon(isLast ? 'arrow-circle-right' : 'save');
}

async function tooltipOf(checkpoint: Checkpoint, inspect: CheckpointsTreeOptions['inspect']): Promise<string> {
  try {
    return checkpointTooltip(checkpoint, await inspect(checkpoint.path));
  } catch (error) {
    return checkpointTooltip(checkpoint, undefined, toErrorInfo(error).message);
  }
}
