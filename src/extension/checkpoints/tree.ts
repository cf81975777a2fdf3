import * as vscode from 'vscode';
import type { Checkpoint } from '../../domain/checkpoint.ts';
import { ListTree } from '../ui/listTree.ts';
import { codeSpan, escapeMarkdown } from '../ui/markdown.ts';
import { formatSize, formatValue } from '../ui/numbers.ts';
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

/** The Checkpoints view's data. */
export function checkpointsTree(load: () => Promise<readonly Checkpoint[]>): ListTree<CheckpointsNode> {
  return new ListTree<CheckpointsNode>({
    load: async () => collectCheckpoints(await load()),
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
  item.tooltip = tooltip(checkpoint);
  item.accessibilityInformation = {
    label: `Checkpoint ${title} of ${checkpoint.runName ?? 'no known run'}, ${item.description}`,
  };
  return item;
}

function icon({ best, isLast }: Checkpoint): vscode.ThemeIcon {
  if (best !== undefined) return new vscode.ThemeIcon('star-full', new vscode.ThemeColor('charts.yellow'));
  return new vscode.ThemeIcon(isLast ? 'arrow-circle-right' : 'save');
}

function tooltip(checkpoint: Checkpoint): vscode.MarkdownString {
  const { best } = checkpoint;
  const lines = [
    `**${escapeMarkdown(checkpoint.fileName)}**`,
    `${escapeMarkdown(checkpoint.format)}, ${formatSize(checkpoint.sizeBytes)}, written ${new Date(checkpoint.modifiedAt * 1000).toLocaleString()}`,
    best === undefined ? '' : `Best of its run by ${codeSpan(best.tag)}: ${formatValue(best.value)}`,
    checkpoint.resumable ? 'Training can go on from it.' : 'Training cannot go on from it here.',
    codeSpan(checkpoint.path),
  ];
  return new vscode.MarkdownString(lines.filter((line) => line !== '').join('\n\n'));
}
