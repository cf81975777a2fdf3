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

  test('Install CUDA Provider puts a package of this disk in its place and tells what is missing', async function () {
    if (process.platform !== 'linux' || process.arch !== 'x64') return this.skip();
    const app = await activated();
    const from = mkdtempSync(path.join(os.tmpdir(), 'ty-cuda-'));
    try {
      for (const name of ['cuda', 'shared'])
        writeFileSync(path.join(from, `libonnxruntime_providers_${name}.so`), 'stand-in');
      await vscode.commands.executeCommand('trainyard.installCuda', { from });
      const page = await until('the page', () =>
        vscode.workspace.textDocuments.find(({ fileName }) => fileName.endsWith('CUDA Provider.md')),
      );
      assert.match(page.getText().replaceAll('\\', ''), /The CUDA provider of ONNX Runtime [\d.]+ is in /);
      assert.equal((await app.worker.call('cuda.status', {})).isInstalled, true);
      // A package that is none is a message, and leaves what was there.
      writeFileSync(path.join(from, 'broken.nupkg'), 'no archive');
      await vscode.commands.executeCommand('trainyard.installCuda', { from: path.join(from, 'broken.nupkg') });
      assert.equal((await app.worker.call('cuda.status', {})).isInstalled, true);
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    } finally {
      rmSync(from, { recursive: true, force: true });
    }
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
