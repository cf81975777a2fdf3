import * as vscode from 'vscode';
import { stringify } from 'yaml';
import type { CommandPreview } from '../../domain/commandLaunch.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { App } from '../app.ts';
import { compareFileName, compareTitle, withRemarks } from './model.ts';

export type Comparison = WorkerMethods['runs.compare']['params']['what'];

/** Opens what differs between two runs in VS Code's own editor for differences, or as a patch where there is only that. */
export async function showComparison(app: App, left: RunSummary, right: RunSummary, what: Comparison): Promise<void> {
  const texts = await app.worker.call('runs.compare', { left: left.id, right: right.id, what });
  const names = [left, right].map((run, index) => compareFileName(run.name, what, texts.language, index)) as [
    string,
    string,
  ];
  const title = compareTitle(left.name, right.name, what);
  for (const remark of texts.remarks) app.output.info(`${title}: ${remark}`);
  // A difference of code is one patch: the text of one side says all.
  const patch =
    what === 'code' ? [texts.left, texts.right].find((text) => /^(diff --git|---) /m.test(text)) : undefined;
  if (patch !== undefined) {
    await app.documents.show(`${title}.patch`, withRemarks(patch, texts.remarks));
    return;
  }
  if (texts.left === texts.right) {
    const said = texts.remarks.length === 0 ? '' : ` ${texts.remarks.join(' ')}`;
    void vscode.window.showInformationMessage(`${left.name} and ${right.name} have the same ${what}.${said}`);
    return;
  }
  await showDifferences(app, { name: names[0], text: texts.left }, { name: names[1], text: texts.right }, title);
  if (texts.remarks.length > 0) vscode.window.setStatusBarMessage(texts.remarks.join(' '), 10_000);
}

/** Opens the configuration that would run beside that of the run that the preview compares with. */
export async function showConfigChanges(app: App, preview: CommandPreview): Promise<void> {
  const runs = [...app.feed.runs.values()];
  const last = runs.find(({ id, name }) => id === preview.changesFrom || name === preview.changesFrom);
  if (last === undefined || preview.config === undefined) {
    // Without both configurations the sentences are all there is.
    await app.documents.show(`${preview.name} changes.txt`, `${preview.changes.join('\n')}\n`, { preserveFocus: true });
    return;
  }
  const { config } = await app.worker.call('runs.get', { runId: last.id });
  await showDifferences(
    app,
    { name: `${last.name} config.yaml`, text: stringify(config) },
    { name: `${preview.name} (new) config.yaml`, text: stringify(preview.config) },
    `${last.name} ↔ ${preview.name}`,
    { preserveFocus: true },
  );
}

interface NamedText {
  readonly name: string;
  readonly text: string;
}

async function showDifferences(
  app: App,
  left: NamedText,
  right: NamedText,
  title: string,
  options: vscode.TextDocumentShowOptions = {},
): Promise<void> {
  const uris = [left, right].map(({ name, text }) => app.documents.put(name, text));
  await vscode.commands.executeCommand('vscode.diff', uris[0], uris[1], title, { preview: true, ...options });
}
