import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { isWithin } from '../../../src/extension/folders.ts';
import { RunsFeed } from '../../../src/extension/runs/feed.ts';
import { RunsModel } from '../../../src/extension/runs/model.ts';
import { RunsTree } from '../../../src/extension/runs/tree.ts';
import { LazyLink } from '../../../src/extension/worker/lazyLink.ts';
import { activated, labFolder, until } from './support.ts';

suite('trouble', function () {
  this.timeout(60_000);

  test('a worker that cannot start is a row with the reason and a click that tries again', async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'ty-broken-'));
    const workerFile = path.join(home, 'worker.cjs');
    writeFileSync(workerFile, 'process.exit(7);\n');
    const env = { ...process.env, TRAINYARD_HOME: home };
    const worker = new LazyLink(() => ({ client: 'extension', version: '0.0.0', workerFile, env, timeoutMs: 10_000 }));
    const feed = new RunsFeed({
      worker,
      folders: () => [labFolder()],
      settings: () => ({}),
      trusted: () => true,
      contains: isWithin,
    });
    const tree = new RunsTree({
      model: new RunsModel(),
      load: () => feed.load(),
      detail: (runId) => worker.call('runs.get', { runId }),
    });
    try {
      const [row] = await tree.getChildren();
      assert.ok(row !== undefined && row.kind === 'error');
      const item = tree.getTreeItem(row);
      assert.match(String(item.label), /ended at once \(exit code 7\)/);
      assert.equal(item.command?.command, 'trainyard.refresh');
      assert.match((item.tooltip as vscode.MarkdownString).value, /worker/);
      assert.equal(worker.state.kind, 'failed');
    } finally {
      for (const owned of [tree, feed, worker]) owned.dispose();
      rmSync(home, { recursive: true, force: true });
    }
  });

  test('a command on a run that is gone says so and does not throw', async () => {
    await activated();
    await vscode.commands.executeCommand('trainyard.rename', 'no-such-run', 'x');
    await vscode.commands.executeCommand('trainyard.queue.cancel', 'no-such-job');
  });

  test('Doctor reports on worker, devices and workspace', async () => {
    const app = await activated();
    await vscode.commands.executeCommand('trainyard.doctor');
    const report = await until('the report', () =>
      vscode.workspace.textDocuments.find(({ fileName }) => fileName.endsWith('Trainyard Doctor.md')),
    );
    const text = report.getText();
    for (const heading of ['# Trainyard Doctor', '## Worker', '## Devices', '## Workspace'])
      assert.ok(text.includes(heading), heading);
    assert.match(text, /cpu/);
    assert.equal(app.worker.state.kind, 'connected');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
});
