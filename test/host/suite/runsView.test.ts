import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { App } from '../../../src/extension/app.ts';
import type { GroupNode, RunNode } from '../../../src/extension/runs/model.ts';
import { activated, until, writeTensorBoardRun } from './support.ts';

suite('Runs view', function () {
  this.timeout(60_000);
  let app: App;

  suiteSetup(async () => {
    app = await activated();
    writeTensorBoardRun('alpha', [3, 2, 1.5, 1.25]);
    writeTensorBoardRun('beta', [1, Number.NaN, 0.5]);
    await vscode.commands.executeCommand('trainyard.runs.focus');
    await vscode.commands.executeCommand('trainyard.refresh');
    await until(
      'both runs with their values',
      () => row('alpha')?.run.metrics.length === 1 && row('beta')?.run.metrics.length === 1,
    );
  });

  function row(name: string): RunNode | undefined {
    return app.runs.model.groups.flatMap(({ runs }) => runs).find(({ run }) => run.name.endsWith(name));
  }

  test('runs of TensorBoard appear by themselves, under a group, with last value and course', async () => {
    const groups = (await app.runs.tree.getChildren()) as GroupNode[];
    assert.ok(groups.every(({ kind }) => kind === 'group'));
    const node = row('alpha')!;
    assert.ok((await app.runs.tree.getChildren(node.group)).includes(node));
    assert.equal(app.runs.tree.getParent(node), node.group);
    const item = app.runs.tree.getTreeItem(node);
    assert.match(String(item.description), /loss 1\.25 {2}█▄▂▁/);
    assert.match(item.contextValue ?? '', /\brun\b.*\bforeign\b/);
    assert.ok(item.iconPath instanceof vscode.ThemeIcon);
    assert.match(item.accessibilityInformation?.label ?? '', /alpha/);
  });

  test('the tooltip comes on demand, with the evidence for the status and the extremes', async () => {
    const node = row('alpha')!;
    const item = await app.runs.tree.resolveTreeItem(app.runs.tree.getTreeItem(node), node);
    const text = (item.tooltip as vscode.MarkdownString).value;
    assert.match(text, /`val\/loss` \| 1\.25 \| 1\.25 \| 3 /);
    assert.ok(text.includes(node.run.path));
  });

  test('the filter, the groups and the order follow their commands', async () => {
    await vscode.commands.executeCommand('trainyard.runs.filter', 'alpha');
    assert.equal(row('beta'), undefined);
    assert.ok(row('alpha') !== undefined);
    await vscode.commands.executeCommand('trainyard.runs.clearFilter');
    await vscode.commands.executeCommand('trainyard.runs.group', 'none');
    await vscode.commands.executeCommand('trainyard.runs.sort', 'name');
    const names = ((await app.runs.tree.getChildren()) as RunNode[]).map(({ run }) => run.name);
    assert.deepEqual(
      names.filter((name) => /alpha|beta/.test(name)).map((name) => name.replace(/.*\//, '')),
      ['alpha', 'beta'],
    );
    await vscode.commands.executeCommand('trainyard.runs.group', 'status');
    await vscode.commands.executeCommand('trainyard.runs.sort', 'newest');
  });

  test('a point that is written appears in the row, and only its row is drawn again', async () => {
    const drawn: unknown[] = [];
    const listener = app.runs.tree.onDidChangeTreeData((rows) => void drawn.push(rows));
    writeTensorBoardRun('alpha', [0.75]);
    await until('the new value', () => /loss 0\.75/.test(String(app.runs.tree.getTreeItem(row('alpha')!).description)));
    listener.dispose();
    assert.ok(drawn.length > 0);
    assert.ok(
      drawn.every((rows) => Array.isArray(rows)),
      'the whole tree was drawn again',
    );
  });

  test('rename, tag and archive change the record and never the files', async () => {
    const node = row('beta')!;
    const { id, path } = node.run;
    await vscode.commands.executeCommand('trainyard.rename', id, 'second try');
    await vscode.commands.executeCommand('trainyard.tag', id, ['paper', 'keep']);
    const renamed = await until('name and labels', () => {
      const run = app.feed.runs.get(id);
      return run?.name === 'second try' && run.labels.length === 2 ? run : undefined;
    });
    assert.equal(renamed.path, path);
    assert.match(String(app.runs.tree.getTreeItem(row('second try')!).description), /#paper #keep/);
    await vscode.commands.executeCommand('trainyard.archive', id);
    await until('the row to go', () => row('second try') === undefined);
    await vscode.commands.executeCommand('trainyard.runs.showArchived');
    assert.ok(row('second try') !== undefined);
    await vscode.commands.executeCommand('trainyard.runs.hideArchived');
    await vscode.commands.executeCommand('trainyard.unarchive', id);
    await until('the row to come back', () => row('second try'));
  });

  test('the id is copied', async () => {
    const { id } = row('alpha')!.run;
    await vscode.commands.executeCommand('trainyard.copyRunId', row('alpha'));
    assert.equal(await vscode.env.clipboard.readText(), id);
  });
});
