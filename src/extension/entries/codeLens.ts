import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { App } from '../app.ts';
import { commandIds } from '../contributions.ts';
import { describeRun, statusLooks } from '../runs/present.ts';
import { type EntryLens, entryLenses, mayHoldEntry } from './lenses.ts';

/** Files in which entry points are looked for. */
export const lensFiles: vscode.DocumentSelector = [
  { scheme: 'file', language: 'python' },
  { scheme: 'file', language: 'shellscript' },
  { scheme: 'file', language: 'makefile' },
  { scheme: 'file', pattern: '**/*.{slurm,sbatch,sh,bash}' },
];

/** An answer of the worker is good for this long; saving a file asks anew at once. */
const FRESH_MS = 15_000;

/** "▶ Launch · Launch With… · Last Run" above each entry point of an open file. */
export class EntryLenses extends Disposables implements vscode.CodeLensProvider {
  readonly #app: App;
  readonly #changed = this.add(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #entries = new Map<string, { readonly at: number; readonly list: Promise<readonly EntryPoint[]> }>();

  constructor(app: App) {
    super();
    this.#app = app;
    this.add(vscode.languages.registerCodeLensProvider(lensFiles, this));
    this.add(
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        const folder = vscode.workspace.getWorkspaceFolder(uri);
        if (folder !== undefined) this.#entries.delete(folder.uri.fsPath);
        this.#changed.fire();
      }),
    );
    // Only a run that begins, ends or goes changes what a lens says.
    const states = new Map<string, string>();
    this.add(
      app.feed.onChange((change) => {
        const runs = change.kind === 'all' ? change.runs : change.changed;
        const news = runs.filter(({ id, status, entry }) => entry !== undefined && states.get(id) !== status);
        for (const { id, status } of news) states.set(id, status);
        if (news.length > 0) this.#changed.fire();
      }),
    );
  }

  async provideCodeLenses(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<vscode.CodeLens[]> {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.fsPath;
    const file = document.uri.fsPath;
    if (folder === undefined || !vscode.workspace.isTrusted || !mayHoldEntry(file, document.getText())) return [];
    // A worker that cannot be reached says so elsewhere; lenses are just not there.
    const entries = await this.entriesOf(folder).catch(() => []);
    if (token.isCancellationRequested) return [];
    return entryLenses(file, entries, this.#app.feed.runs.values(), lastRunText).map(codeLens);
  }

  /** Entry points of a folder, asked for at most every few seconds. */
  async entriesOf(folder: string): Promise<readonly EntryPoint[]> {
    const kept = this.#entries.get(folder);
    if (kept !== undefined && Date.now() - kept.at < FRESH_MS) return await kept.list;
    const list = this.#app.worker.call('entries.list', { folder }).then(({ entries }) => entries);
    this.#entries.set(folder, { at: Date.now(), list });
    list.catch(() => this.#entries.delete(folder));
    return await list;
  }
}

function lastRunText(run: RunSummary): string {
  return `${statusLooks[run.status].word.toLowerCase()} ${describeRun(run)}`.trim();
}

const commands: { readonly [A in EntryLens['action']]: string } = {
  launch: commandIds.launchEntry,
  launchWith: commandIds.launchEntryWith,
  lastRun: commandIds.showMetrics,
};

function codeLens({ line, title, action, entry, run }: EntryLens): vscode.CodeLens {
  const range = new vscode.Range(line, 0, line, 0);
  const given = action === 'lastRun' ? run!.id : entry.id;
  const tooltip = action === 'lastRun' ? run!.name : `${entry.title}: ${entry.reason}`;
  return new vscode.CodeLens(range, {
    title,
    tooltip,
    command: commands[action],
    arguments: [given, entry.cwd, entry.file],
  });
}
