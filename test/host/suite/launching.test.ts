import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunId } from '../../../src/domain/ids.ts';
import type { Sweep } from '../../../src/domain/sweep.ts';
import type { App } from '../../../src/extension/app.ts';
import type { LaunchingView } from '../../../src/extension/launchingView.ts';
import { experimentsOf } from '../../../src/extension/registry/model.ts';
import { activated, ended, labFolder, until } from './support.ts';

/** A training script as people have them: arguments, a line per epoch, and a batch that is too large for it. */
const script = `import argparse, json, os, sys

def train(options):
    if options.batch_size > 64:
        raise MemoryError('out of memory: a batch of %d does not fit' % options.batch_size)
    for epoch in range(options.epochs):
        print('epoch', epoch, 'loss', 1 / (epoch + 1), flush=True)

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--epochs', type=int, default=2)
    parser.add_argument('--batch-size', dest='batch_size', type=int, default=16)
    parser.add_argument('--text', default='')
    options, rest = parser.parse_known_args()
    for word in rest:
        key, _, value = word.partition('=')
        if hasattr(options, key):
            setattr(options, key, int(value))
    print('argv', json.dumps(sys.argv[1:]), flush=True)
    train(options)
`;

const registryText = `${JSON.stringify(
  {
    meta: { version: 1 },
    experiments: {
      zero_shot: { status: 'completed', metrics: { accuracy: 0.81 }, marked_for_rerun: false, retry_count: 0 },
      lora_r8: {
        status: 'failed',
        error_msg: 'CUDA out of memory',
        error_category: 'oom',
        exit_code: 1,
        metrics: {},
        marked_for_rerun: false,
        retry_count: 1,
      },
      bridge: {
        status: 'failed',
        error_msg: 'loss is NaN',
        error_category: 'nan',
        exit_code: 1,
        metrics: {},
        marked_for_rerun: false,
        retry_count: 0,
      },
    },
  },
  null,
  2,
)}\n`;

suite('launching what the repository has of its own', function () {
  this.timeout(120_000);
  let app: App;
  let parts: LaunchingView;
  const file = (...names: string[]): string => path.join(labFolder(), ...names);

  suiteSetup(async () => {
    writeFileSync(file('train_tiny.py'), script);
    app = await activated();
    parts = await app.launching.parts();
  });

  suiteTeardown(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    for (const name of ['train_tiny.py', 'trainyard.yaml']) rmSync(file(name), { force: true });
    rmSync(file('runs', 'experiment_registry.json'), { force: true });
  });

  /** Launches the script as a command of one's own, as a key binding would. */
  async function launchScript(name: string, ...args: string[]): Promise<string> {
    const request = {
      command: ['python3', 'train_tiny.py'],
      arguments: args,
      target: { name: 'local' },
      gpus: 0,
      name,
    };
    const runId = await vscode.commands.executeCommand<string | undefined>('trainyard.launch', request);
    assert.equal(typeof runId, 'string', 'the launch was refused; its message is in the Trainyard log');
    return runId!;
  }

  test('a command runs with exactly the words that were given, and its line can be copied', async () => {
    const text = `it's "quoted" $(never) é`;
    const run = await ended(app, await launchScript('own-1', '--text', text));
    assert.equal(run.status, 'finished', run.statusReason);
    const log = readFileSync(path.join(run.path, 'output.log'), 'utf8');
    const [, words] = /^argv (.*)$/m.exec(log) ?? [];
    assert.deepEqual(JSON.parse(words ?? ''), ['--text', text]);
    await vscode.commands.executeCommand('trainyard.copyCommandLine', run.id);
    assert.match(await vscode.env.clipboard.readText(), /^cd .* && python3 train_tiny\.py --text 'it'\\''s/);
  });

  test('a script has lenses that launch it, and that show its last run', async () => {
    const uri = vscode.Uri.file(file('train_tiny.py'));
    await vscode.window.showTextDocument(uri);
    const lenses = await until('the lenses', async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri, 10);
      return found.length > 0 && found;
    });
    const titles = lenses.map(({ command }) => command?.title ?? '');
    assert.ok(titles.includes('$(play) Launch'), titles.join());
    assert.ok(titles.includes('Launch With…'), titles.join());
  });

  test('a failed run opens at the place in the code', async () => {
    const run = await ended(app, await launchScript('own-oom', '--batch-size', '128'));
    assert.equal(run.status, 'failed', run.statusReason);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('trainyard.openFailure', run.id);
    const editor = await until('the script in an editor', () =>
      vscode.window.visibleTextEditors.find(({ document }) => document.fileName.endsWith('train_tiny.py')),
    );
    assert.match(editor.document.lineAt(editor.selection.active.line).text, /raise MemoryError/);
  });

  test('two runs are compared in an editor for differences', async () => {
    const [left, right] = [await launchScript('own-a', '--epochs', '1'), await launchScript('own-b', '--epochs', '2')];
    await Promise.all([ended(app, left), ended(app, right)]);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('trainyard.compareRuns', [left, right], 'config');
    const tab = await until('the differences', () =>
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .find(({ input }) => input instanceof vscode.TabInputTextDiff),
    );
    assert.match(tab.label, /own-a.*own-b/);
  });

  test('a sweep stands in its view with its failures, opens as a ledger, and is launched again with an edit', async () => {
    const launch = {
      requestId: crypto.randomUUID(),
      folder: labFolder(),
      command: ['python3', 'train_tiny.py'],
      arguments: ['--epochs', '1'],
      target: { name: 'local' },
      gpus: 0,
    };
    const { sweep } = await app.worker.call('sweeps.start', {
      requestId: crypto.randomUUID(),
      name: 'batch',
      launch,
      axes: [{ key: 'batch_size', values: ['16', '128'] }],
      search: 'grid',
      concurrency: 2,
    });
    const current = async (): Promise<Sweep | undefined> => (await parts.sweeps()).get(sweep.id);
    const over = await until('both trials to end', async () => {
      const now = await current();
      return now !== undefined && now.counts.done === 1 && now.counts.failed === 1 ? now : undefined;
    });
    const roots = await parts.sweepsTree.getChildren();
    const row = roots.find((node) => node.kind === 'sweep' && node.sweep.id === sweep.id)!;
    assert.match(String(parts.sweepsTree.getTreeItem(row).description), /^1\/2 done · 1 failed/);
    const [failed] = await parts.sweepsTree.getChildren(row);
    const [cause] = await parts.sweepsTree.getChildren(failed);
    assert.equal(cause?.kind, 'failure');
    const item = parts.sweepsTree.getTreeItem(cause);
    await vscode.commands.executeCommand(item.command!.command, ...(item.command!.arguments ?? []));
    const editor = vscode.window.activeTextEditor;
    assert.match(editor?.document.lineAt(editor.selection.active.line).text ?? '', /raise MemoryError/);

    await vscode.commands.executeCommand('trainyard.sweep.openLedger', sweep.id);
    const ledger = vscode.workspace.textDocuments.find(({ uri }) => uri.path.includes('batch ledger'));
    assert.match(ledger?.getText() ?? '', /\| 1 \| failed \| 128 \|/);

    await vscode.commands.executeCommand('trainyard.sweep.relaunchWithEdit', sweep.id, ['batch_size=8']);
    const mended = await until('the mended trial', async () => {
      const now = await current();
      return now !== undefined && now.counts.done === 2 ? now : undefined;
    });
    assert.equal(mended.trials[1]?.runs.length, 2);
    assert.equal(mended.trials.length, over.trials.length);
    await until('the ledger to follow', () => (ledger?.getText() ?? '').includes('2 done'));
  });

  test('a registry stands in its view; marks are written into the file that its own scripts read', async () => {
    const registry = file('runs', 'experiment_registry.json');
    mkdirSync(path.dirname(registry), { recursive: true });
    writeFileSync(registry, registryText);
    const [node] = await until('the registry', async () => {
      const nodes = await parts.registry.getChildren();
      return nodes.length > 0 && nodes;
    });
    assert.equal(node?.kind, 'registry');
    const groups = await parts.registry.getChildren(node);
    assert.deepEqual(
      groups.map((group) => parts.registry.getTreeItem(group).label),
      ['Failed', 'Completed'],
    );
    const rows = node.kind === 'registry' ? experimentsOf([node]) : [];
    const lora = rows.find(({ experiment }) => experiment.name === 'lora_r8')!;
    await vscode.commands.executeCommand('trainyard.registry.mark', lora);
    const written = JSON.parse(readFileSync(registry, 'utf8')) as {
      experiments: Record<string, { marked_for_rerun: boolean; error_msg?: string }>;
    };
    assert.equal(written.experiments['lora_r8']?.marked_for_rerun, true);
    assert.equal(written.experiments['bridge']?.marked_for_rerun, false);
    await vscode.commands.executeCommand('trainyard.registry.markAllFailed', node);
    const all = JSON.parse(readFileSync(registry, 'utf8')) as typeof written;
    assert.equal(all.experiments['bridge']?.marked_for_rerun, true);
    await vscode.commands.executeCommand('trainyard.registry.open', lora);
    const editor = vscode.window.activeTextEditor;
    assert.match(editor?.document.lineAt(editor.selection.active.line).text ?? '', /"lora_r8"/);
  });

  test('trainyard.yaml is made from a template, is completed, explained and checked', async () => {
    await vscode.commands.executeCommand('trainyard.project.create');
    const editor = vscode.window.activeTextEditor!;
    assert.ok(editor.document.fileName.endsWith('trainyard.yaml'));
    const uri = editor.document.uri;
    const problems = (): readonly vscode.Diagnostic[] =>
      vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Trainyard');
    assert.deepEqual(problems(), []);
    const text = 'targets:\n  cluster:\n    kind: slurm\n    particion: gpu\n    \n';
    await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, editor.document.lineCount, 0), text));
    const [problem] = await until('the problem', () => problems().length > 0 && problems());
    assert.match(problem!.message, /Did you mean partition/);
    assert.equal(editor.document.getText(problem!.range), 'particion');
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      new vscode.Position(4, 4),
    );
    const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    assert.ok(labels.includes('presets') && labels.includes('account'), labels.slice(0, 20).join());
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      uri,
      new vscode.Position(2, 6),
    );
    assert.ok(hovers.length > 0 || labels.includes('qos'));
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  test('a pipeline of trainyard.yaml stands in its view with the states of its stages', async () => {
    const stages = ['prepare', 'train'].map(
      (name) => `      - name: ${name}\n        command: [python3, train_tiny.py, --epochs, "1"]\n`,
    );
    writeFileSync(file('trainyard.yaml'), `pipelines:\n  full:\n    stages:\n${stages.join('')}`);
    await parts.look();
    const [node] = await until('the pipeline', async () => {
      const nodes = await parts.pipelines.getChildren();
      return nodes.length > 0 && nodes;
    });
    assert.equal(node?.kind === 'pipeline' && node.name, 'full');
    await app.worker.call('pipelines.launch', {
      requestId: crypto.randomUUID(),
      folder: labFolder(),
      pipeline: 'full',
      parameters: {},
      target: { name: 'local' },
    });
    const states = async (): Promise<unknown[]> => {
      const [pipeline] = await parts.pipelines.getChildren();
      const [run] = await parts.pipelines.getChildren(pipeline);
      return run === undefined
        ? []
        : (await parts.pipelines.getChildren(run)).map((stage) => parts.pipelines.getTreeItem(stage).description);
    };
    await until('both stages to be done', async () => {
      const now = await states();
      return now.length === 2 && now.every((state) => state === 'done');
    });
    const runs = [...app.feed.runs.values()].filter(({ createdAt }) => createdAt > 0);
    assert.ok(runs.length >= 2);
  });

  test('a waiting job gets another priority', async () => {
    const request = {
      command: ['python3', 'train_tiny.py'],
      arguments: [],
      target: { name: 'local' },
      gpus: 0,
      name: 'held-1',
      hold: true,
    };
    const runId = (await vscode.commands.executeCommand<string>('trainyard.launch', request)) as RunId;
    await vscode.commands.executeCommand('trainyard.queue.setPriority', runId, 7);
    const job = (await app.jobs()).find((one) => one.runId === runId);
    assert.equal(job?.priority, 7);
    await vscode.commands.executeCommand('trainyard.queue.cancel', runId);
  });
});
