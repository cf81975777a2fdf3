import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunId } from '../../../src/domain/ids.ts';
import type { App } from '../../../src/extension/app.ts';
import type { CheckpointNode } from '../../../src/extension/checkpoints/model.ts';
import type { CheckpointsNode } from '../../../src/extension/checkpoints/tree.ts';
import type { EntryNode, PhaseNode } from '../../../src/extension/experimentLog/model.ts';
import type { JobNode } from '../../../src/extension/queue/model.ts';
import type { ErrorNode } from '../../../src/extension/ui/errorItem.ts';
import { activated, ended, launch, quickOverrides, until, untilRun } from './support.ts';

suite('training from the window', function () {
  this.timeout(180_000);
  let app: App;
  let finishedId: string;

  suiteSetup(async () => {
    app = await activated();
  });

  async function checkpointsOf(runId: string): Promise<CheckpointNode[]> {
    const rows: (CheckpointsNode | ErrorNode)[] = await app.checkpoints.getChildren();
    const below = rows.flatMap((row) => (row.kind === 'architecture' ? row.children : []));
    return below.filter((row) => row.runId === runId).flatMap(({ children }) => children);
  }

  async function jobs(): Promise<JobNode[]> {
    return (await app.queue.getChildren()).filter((row) => row.kind === 'job');
  }

  test('a launched run trains to its end, with values and checkpoints', async () => {
    finishedId = await launch('host-1');
    const run = await ended(app, finishedId);
    assert.equal(run.status, 'finished', run.statusReason);
    assert.match(run.device ?? '', /cpu/);
    const shown = await untilRun(app, finishedId, 'its values', ({ metrics }) => metrics.length > 0);
    assert.ok(shown.metrics.every(({ value }) => Number.isFinite(value)));
    const checkpoints = await checkpointsOf(finishedId);
    assert.ok(checkpoints.some(({ checkpoint }) => checkpoint.isLast));
    const item = app.checkpoints.getTreeItem(checkpoints[0]!);
    assert.match(item.contextValue ?? '', /resumable/);
  });

  test('what is in a checkpoint stands in its tooltip and on a page', async () => {
    const node = (await checkpointsOf(finishedId)).find(({ checkpoint }) => checkpoint.isLast)!;
    const item = app.checkpoints.getTreeItem(node);
    assert.equal(item.command?.command, 'trainyard.checkpoint.open');
    const { tooltip } = await app.checkpoints.resolveTreeItem(item, node);
    assert.match(
      (tooltip as vscode.MarkdownString).value,
      /safetensors[\s\S]*step: \d+[\s\S]*\| Tensor \| Type \| Shape \|/,
    );
    const page = await vscode.commands.executeCommand<string>('trainyard.checkpoint.open', node);
    assert.match(page, /^# last\\\.safetensors/);
    const shown = () => vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith('last.safetensors.md'));
    await until('the page', () => shown() !== undefined);
    assert.equal(shown()?.getText(), page);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('the same request launches once, and a wrong override is refused with the reason', async () => {
    const before = app.feed.runs.size;
    const requestId = 'host-test-request';
    const [first, second] = await Promise.all([
      launch('host-twice', { requestId }),
      launch('host-twice', { requestId }),
    ]);
    assert.equal(first, second);
    await ended(app, first);
    assert.equal(app.feed.runs.size, before + 1);
    const refused = await vscode.commands.executeCommand('trainyard.launch', {
      recipe: 'classifier',
      overrides: ['stepz=1'],
      device: 'cpu',
    });
    assert.equal(refused, undefined);
  });

  test('the log opens with the run’s output', async () => {
    await vscode.commands.executeCommand('trainyard.showLog', finishedId);
    const editor = await until('the log in an editor', () =>
      vscode.window.visibleTextEditors.find(({ document }) => document.uri.scheme === 'trainyard-log'),
    );
    const text = editor.document.getText();
    assert.match(text, /host-1/);
    assert.doesNotMatch(text, /\r(?!\n)/);
    assert.equal(editor.selection.active.line, editor.document.lineCount - 1, 'it opens at its end');
  });

  test('a conclusion is written into EXPERIMENT_LOG.md, opened, and listed with its run', async () => {
    await vscode.commands.executeCommand('trainyard.logConclusion', finishedId, {
      title: 'First light',
      conclusion: 'It learns.',
    });
    const editor = await until('the log in an editor', () =>
      vscode.window.visibleTextEditors.find(({ document }) => document.fileName.endsWith('EXPERIMENT_LOG.md')),
    );
    assert.match(editor.document.lineAt(editor.selection.active.line).text, /First light/);
    const text = readFileSync(editor.document.fileName, 'utf8');
    assert.match(text, /It learns\./);
    assert.match(text, /run_name=host-1|host-1/);
    const phases = (await app.experimentLog.getChildren()) as PhaseNode[];
    const entry = phases
      .flatMap(({ children }) => children)
      .find((node): node is EntryNode => /First light/.test(node.entry.title));
    assert.ok(entry !== undefined);
    assert.deepEqual(
      entry.children.map(({ runId }) => runId),
      [finishedId],
    );
    const opened = await vscode.commands.executeCommand<string>('trainyard.openLogEntries', finishedId);
    assert.match(opened, /First light/);
  });

  test('a run is stopped with a checkpoint and resumed as a new run', async () => {
    const runId = await launch('host-long', { overrides: [...quickOverrides(200_000), 'checkpointEvery=50'] });
    await untilRun(app, runId, 'it trains', ({ progress }) => (progress?.step ?? 0) > 0);
    await followsTheLog(app, runId);
    await vscode.commands.executeCommand('trainyard.stop', runId);
    const stopped = await ended(app, runId);
    assert.equal(stopped.status, 'stopped', stopped.statusReason);
    const last = (await checkpointsOf(runId)).find(({ checkpoint }) => checkpoint.isLast);
    assert.ok(last !== undefined);
    const resumedId = await vscode.commands.executeCommand<string>('trainyard.resume', last);
    const resumed = await untilRun(
      app,
      resumedId,
      'it goes on',
      ({ progress }) => (progress?.step ?? 0) > (stopped.progress?.step ?? 0),
    );
    assert.equal(resumed.resumedFrom, runId);
    await vscode.commands.executeCommand('trainyard.stop', resumedId);
    assert.equal((await ended(app, resumedId)).status, 'stopped');
  });

  test('held jobs stand in the queue, move, and are cancelled', async () => {
    const first = await launch('host-held-1', { hold: true });
    const second = await launch('host-held-2', { hold: true });
    const order = async (): Promise<string[]> =>
      (await jobs()).map(({ job }) => job.runId).filter((id) => id === first || id === second);
    assert.deepEqual(await order(), [first, second]);
    await vscode.commands.executeCommand('trainyard.queue.moveUp', second);
    assert.deepEqual(await order(), [second, first]);
    await vscode.commands.executeCommand('trainyard.queue.moveDown', second);
    assert.deepEqual(await order(), [first, second]);
    const [row] = (await jobs()).filter(({ job }) => job.runId === first);
    assert.match(app.queue.getTreeItem(row!).contextValue ?? '', /\bheld\b.*\bmovable\b/);
    await vscode.commands.executeCommand('trainyard.queue.cancel', second);
    await vscode.commands.executeCommand('trainyard.queue.release', row);
    assert.equal((await ended(app, first)).status, 'finished');
    // The queue hears of the end a moment after the run's files tell it.
    await until('the queue to be empty', async () => (await order()).length === 0);
  });

  test('the worker can be restarted in the middle of a run, which goes on', async () => {
    const runId = await launch('host-survivor', { overrides: quickOverrides(200_000) });
    await untilRun(app, runId, 'it trains', ({ progress }) => (progress?.step ?? 0) > 0);
    await vscode.commands.executeCommand('trainyard.restartWorker');
    const before = app.feed.runs.get(runId as never)?.progress?.step ?? 0;
    await untilRun(
      app,
      runId,
      'it goes on',
      ({ progress, status }) => status === 'running' && (progress?.step ?? 0) > before,
    );
    await vscode.commands.executeCommand('trainyard.stop', runId);
    assert.equal((await ended(app, runId)).status, 'stopped');
  });

  test('a run that is deleted goes with its folder; one that is at work cannot be', async () => {
    const runId = await launch('host-gone', { overrides: quickOverrides(200_000) });
    const run = await untilRun(app, runId, 'it trains', ({ progress }) => (progress?.step ?? 0) > 0);
    await vscode.commands.executeCommand('trainyard.deleteRun', runId, 'delete');
    assert.ok(existsSync(run.path), 'it is still there');
    await vscode.commands.executeCommand('trainyard.stop', runId);
    await ended(app, runId);
    await vscode.commands.executeCommand('trainyard.deleteRun', runId, 'delete');
    await until('it is gone', () => !existsSync(run.path) && !app.feed.runs.has(runId as RunId));
  });
});

/** Shows the log of a live run, lets the run print, and looks whether the editor stays at the end. A progress bar takes one line. */
async function followsTheLog(app: App, runId: string): Promise<void> {
  await vscode.commands.executeCommand('trainyard.showLog', runId);
  const run = app.feed.runs.get(runId as RunId);
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join('');
  appendFileSync(path.join(run?.path ?? '', 'output.log'), `${lines}10 %\r50 %\r\u001b[32m100 %\u001b[0m\nthe end\n`);
  const editor = await until('the new lines, with the end in sight', () =>
    vscode.window.visibleTextEditors.find(({ document, visibleRanges }) => {
      const last = document.lineCount - 1;
      return document.getText().includes('\n100 %\nthe end\n') && (visibleRanges.at(-1)?.end.line ?? 0) >= last - 1;
    }),
  );
  assert.doesNotMatch(editor.document.getText(), /50 %/);
}
