import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { App } from '../../../src/extension/app.ts';
import type { RunNode } from '../../../src/extension/runs/model.ts';
import { EventFile } from '../../../src/trainer/events/eventFile.ts';
import { activated, labFolder, until } from './support.ts';

/** A training of a Lightning-Hydra project as it leaves its files: configuration and log of Hydra, a CSV log and an event file of the same metrics. */
function writeTraining(name: string): string {
  const folder = path.join(labFolder(), 'outputs', name);
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  write('.hydra/config.yaml', 'task_name: dna\nlr: 0.01 # of the second stage\n');
  write('.hydra/overrides.yaml', '- lr=0.01\n');
  write(
    'train.log',
    '[2026-01-02 03:04:05,678][__main__][INFO] - began\n[2026-01-02 03:05:05,678][__main__][INFO] - done\n',
  );
  write('csv/version_0/metrics.csv', 'epoch,step,train/loss\n0,0,2.0\n0,1,1.5\n0,2,1.25\n');
  mkdirSync(path.join(folder, 'tensorboard/version_0'), { recursive: true });
  const events = new EventFile(path.join(folder, 'tensorboard/version_0'));
  [2, 1.5, 1.25].forEach((value, step) => {
    events.write(step, { kind: 'scalars', values: [{ tag: 'train/loss', value }] });
  });
  events.flush();
  events.dispose();
  return folder;
}

suite('runs of other trackers', function () {
  this.timeout(120_000);
  let app: App;
  let folder: string;

  suiteSetup(async () => {
    app = await activated();
    folder = writeTraining('2026-01-02/03-04-05');
    await vscode.commands.executeCommand('trainyard.refresh');
    await until('one run of three logs', () => whole()?.run.places === 3);
  });

  suiteTeardown(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('trainyard.runs.group', 'status');
  });

  const rows = (): RunNode[] =>
    app.runs.model.groups
      .flatMap(({ runs }) => runs)
      .filter(({ run }) => run.path === folder || run.path.startsWith(`${folder}/`));
  const whole = (): RunNode | undefined => rows().find(({ run }) => run.path === folder);

  test('three logs of one training are one run, which says who else logged it and why that is known', async () => {
    assert.equal(rows().length, 1);
    const node = whole()!;
    await until('the last value', () => node.run.metrics[0]?.value === 1.25);
    const item = app.runs.tree.getTreeItem(node);
    assert.match(String(item.description), /loss 1\.25.*Hydra \+ /);
    assert.match(item.contextValue ?? '', /\bseveral\b/);
    assert.match(item.accessibilityInformation?.label ?? '', /Hydra output, also logged to .*TensorBoard/);
    const { tooltip } = await app.runs.tree.resolveTreeItem(item, node);
    const text = (tooltip as vscode.MarkdownString).value;
    assert.match(text, /also logged to/);
    assert.ok(text.includes(path.join(folder, 'tensorboard/version_0')), text);
    assert.match(text, /`lr` \| `0.01`/);
  });

  test('runs are found again by who logged them', async () => {
    await vscode.commands.executeCommand('trainyard.runs.filter', 'source:tensorboard 03-04-05');
    assert.equal(rows().length, 1);
    await vscode.commands.executeCommand('trainyard.runs.clearFilter');
    await vscode.commands.executeCommand('trainyard.runs.group', 'source');
    assert.equal(whole()?.group.facts.title, 'Hydra output');
    await vscode.commands.executeCommand('trainyard.runs.group', 'project');
    assert.ok(app.runs.model.groups.length > 0);
  });

  test('the original configuration opens as it was written', async () => {
    const opened = await vscode.commands.executeCommand('trainyard.openConfiguration', whole()!.run.id, 'config.yaml');
    assert.equal(opened, path.join(folder, '.hydra/config.yaml'));
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /# of the second stage/);
  });

  test('the console log opens and follows what the program prints', async () => {
    const { id } = whole()!.run;
    const { console: logs = [] } = await app.worker.call('runs.get', { runId: id });
    await vscode.commands.executeCommand('trainyard.openConsole', id, logs[0]?.title);
    const text = (): string => vscode.window.activeTextEditor?.document.getText() ?? '';
    await until('the log', () => text().includes('done'));
    assert.match(text(), /began/);
  });

  test('a run is split into its places, and merged again', async () => {
    const { id } = whole()!.run;
    const ids = await vscode.commands.executeCommand<string[]>('trainyard.splitRun', id, 'all');
    assert.equal(ids.length, 3);
    await until('three rows', () => rows().length === 3);
    const kept = await vscode.commands.executeCommand<string>('trainyard.mergeRuns', [
      id,
      ...ids.filter((one) => one !== id),
    ]);
    assert.equal(kept, id);
    await until('one row', () => rows().length === 1 && whole()?.run.places === 3);
  });

  test('a folder outside of the workspace in which a tracker keeps runs is read like one of its own, as long as the setting names it', async () => {
    const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'ty-trackers-'));
    const other = path.join(elsewhere, 'mlruns/0/0123456789abcdef0123456789abcdef');
    const write = (file: string, text: string): void => {
      mkdirSync(path.dirname(path.join(other, file)), { recursive: true });
      writeFileSync(path.join(other, file), text);
    };
    write(
      'meta.yaml',
      'run_id: 0123456789abcdef0123456789abcdef\nrun_name: of-elsewhere\nstatus: 3\nstart_time: 1700000000000\n',
    );
    write('metrics/val/loss', '1700000000000 0.5 1\n1700000001000 0.25 2\n');
    write('params/lr', '0.1');
    write('artifacts/notes.txt', 'of the run');
    write('tags/mlflow.runName', 'of-elsewhere');
    const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('trainyard');
    const found = () => [...app.feed.runs.values()].find((run) => run.path === other);
    try {
      await settings().update('trackers.folders', [elsewhere], vscode.ConfigurationTarget.Global);
      const run = await until('the run of elsewhere', () => (found()?.metrics.length === 1 ? found() : undefined));
      assert.deepEqual([run.name, run.status, run.metrics[0]?.value], ['of-elsewhere', 'finished', 0.25]);
      const opened = await vscode.commands.executeCommand('trainyard.openArtifact', run.id, 'notes.txt');
      assert.equal(opened, path.join(other, 'artifacts/notes.txt'));
      await until('the artifact', () => vscode.window.activeTextEditor?.document.getText() === 'of the run');
      await settings().update('trackers.folders', undefined, vscode.ConfigurationTarget.Global);
      await until('the run to go', () => found() === undefined);
    } finally {
      await settings().update('trackers.folders', undefined, vscode.ConfigurationTarget.Global);
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  test('Doctor names the trackers that were found', async () => {
    await vscode.commands.executeCommand('trainyard.doctor');
    const report = await until('the report', () =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith('Trainyard Doctor.md'))?.getText(),
    );
    assert.match(report, /## Sources/);
    assert.match(report, /TensorBoard event files\*\*: /);
  });
});
