import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { App } from '../../../src/extension/app.ts';
import { activated, until, writeTensorBoardRun } from './support.ts';

suite('panels', function () {
  this.timeout(90_000);
  let app: App;

  suiteSetup(async () => {
    app = await activated();
    writeTensorBoardRun('panel', [2, 1]);
    await vscode.commands.executeCommand('trainyard.refresh');
    await until('the run', () => panelRun());
  });

  suiteTeardown(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  const panelRun = () => [...app.feed.runs.values()].find(({ name }) => name.endsWith('panel'));

  const tabs = (kind: string): vscode.Tab[] =>
    vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(`trainyard.${kind}`));

  for (const [kind, command] of [
    ['metrics', 'trainyard.showMetrics'],
    ['samples', 'trainyard.showSamples'],
  ] as const) {
    test(`${kind}: one panel opens, its page asks for the runs, and further calls use the same panel`, async () => {
      const { id } = panelRun()!;
      await vscode.commands.executeCommand(command, id);
      await until('the tab', () => tabs(kind).length === 1);
      await until('the page’s first question', () => (app.panels.panel(kind)?.pageCount ?? 0) > 0);
      await vscode.commands.executeCommand(command, [id]);
      assert.equal(tabs(kind).length, 1);
      assert.deepEqual(app.panels.panel(kind)?.runIds, [id]);
    });
  }

  test('a closed panel is forgotten, and opens anew', async () => {
    await vscode.window.tabGroups.close(tabs('metrics'));
    await until('the end of the panel', () => app.panels.panel('metrics') === undefined);
    await vscode.commands.executeCommand('trainyard.showMetrics', panelRun()!.id);
    await until('a new page', () => (app.panels.panel('metrics')?.pageCount ?? 0) > 0);
  });
});
