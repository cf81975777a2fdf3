import path from 'node:path';
import * as vscode from 'vscode';
import { commandIds } from '../contributions.ts';
import { ListTree } from '../ui/listTree.ts';
import { count } from '../ui/numbers.ts';
import {
  describeExperiment,
  describeRegistry,
  type ExperimentGroupNode,
  type ExperimentNode,
  experimentContext,
  experimentTooltip,
  lookOf,
  type RegistryNode,
  type RegistryTreeNode,
  registryChildren,
} from './model.ts';

/** The Registry view's data: registries, their experiments by status, failed ones by category. */
export function registryTree(load: () => Promise<readonly RegistryNode[]>): ListTree<RegistryTreeNode> {
  return new ListTree<RegistryTreeNode>({
    load,
    children: registryChildren,
    item: (node) => {
      if (node.kind === 'registry') return registryItem(node);
      return node.kind === 'experiments' ? groupItem(node) : experimentItem(node);
    },
  });
}

function registryItem({ registry }: RegistryNode): vscode.TreeItem {
  const item = new vscode.TreeItem(path.basename(registry.file), vscode.TreeItemCollapsibleState.Expanded);
  item.id = `registry/${registry.file}`;
  item.description = describeRegistry(registry);
  item.iconPath =
    registry.problems.length === 0 ? new vscode.ThemeIcon('database') : coloured('warning', 'list.warningForeground');
  item.contextValue = 'registry';
  item.tooltip = [registry.file, ...registry.problems].join('\n');
  item.accessibilityInformation = { label: `Registry ${path.basename(registry.file)}, ${item.description}` };
  return item;
}

function groupItem(node: ExperimentGroupNode): vscode.TreeItem {
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(node.title, node.key.startsWith('failed') ? Expanded : Collapsed);
  item.id = `registry/${node.registry.file}/${node.key}`;
  item.description = String(countExperiments(node.children));
  item.iconPath = coloured(node.icon, node.color);
  item.contextValue = `experiments ${node.key.replace(/\W+/g, '-')}`;
  item.accessibilityInformation = { label: `${node.title}, ${count(countExperiments(node.children), 'experiment')}` };
  return item;
}

function countExperiments(nodes: readonly RegistryTreeNode[]): number {
  return nodes.reduce(
    (sum, node) => sum + (node.kind === 'experiment' ? 1 : countExperiments(registryChildren(node))),
    0,
  );
}

function experimentItem({ registry, experiment }: ExperimentNode): vscode.TreeItem {
  const { icon, color } = lookOf(experiment);
  const item = new vscode.TreeItem(experiment.name);
  item.id = `registry/${registry.file}/experiment/${experiment.name}`;
  item.description = describeExperiment(experiment);
  item.iconPath = experiment.markedForRerun ? coloured('bookmark', 'charts.orange') : coloured(icon, color);
  item.contextValue = experimentContext(experiment);
  item.tooltip = experimentTooltip(experiment);
  item.command = {
    command: commandIds.openExperiment,
    title: 'Open in the Registry',
    arguments: [{ file: registry.file, name: experiment.name }],
  };
  item.accessibilityInformation = { label: `${experiment.name}, ${experiment.status}, ${item.description}` };
  return item;
}

function coloured(icon: string, color: string | undefined): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}
