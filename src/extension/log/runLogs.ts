import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import { isActive, type RunSummary } from '../../domain/run.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { WorkerEvents, WorkerMethods } from '../../protocol/worker.ts';
import { contentSchemes } from '../contributions.ts';
import type { LazyContent } from '../ui/lazyContent.ts';
import { FollowedLog } from './followedLog.ts';

/** A live run is asked again this often, beside the worker's own notices. */
const POLL_MS = 2000;

export interface RunLogsOptions {
  readonly worker: RpcClient<WorkerMethods, WorkerEvents>;
  readonly run: (runId: RunId) => RunSummary | undefined;
  readonly content: LazyContent;
}

/**
 * Output of runs as read-only documents that grow. Documents and not output channels, because a progress bar rewrites its line, and because channels
 * stay empty where VS Code's native log module is missing (VS Code servers installed without compiling). An editor that shows the end stays at the end.
 */
export class RunLogs extends Disposables {
  readonly #options: RunLogsOptions;
  readonly #logs = new Map<string, FollowedLog>();
  /** Editors whose reader has gone up to look at something. */
  readonly #left = new WeakSet<vscode.TextEditor>();

  constructor(options: RunLogsOptions) {
    super();
    this.#options = options;
    options.content.fill((uri) => this.#text(uri));
    this.add(options.worker.on('log.appended', ({ runId }) => this.#follow(runId)));
    const timer = setInterval(() => this.#poll(), POLL_MS);
    this.onDispose(() => clearInterval(timer));
    this.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#close(uri)));
    this.add(vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.#noteScroll(textEditor)));
    this.add(vscode.workspace.onDidChangeTextDocument(({ document }) => this.#scroll(document)));
  }

  /** Shows the log at its end and follows it. `which`: one of the run's console logs by its number; absent: its own output. */
  async show(run: RunSummary, which?: { readonly log: number; readonly title: string }): Promise<void> {
    const title = which === undefined ? run.name : `${run.name}-${which.title.replace(/\.log$/, '')}`;
    const name = `${title.replace(/[\\/]+/g, '-')}.log`;
    const query = which === undefined ? '' : `log=${which.log}`;
    const uri = vscode.Uri.from({ scheme: contentSchemes.log, path: `/${run.id}/${name}`, query });
    await this.#log(uri)?.read();
    const document = await vscode.workspace.openTextDocument(uri);
    const end = document.lineAt(document.lineCount - 1).range.end;
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(end, end), preview: true });
  }

  async #text(uri: vscode.Uri): Promise<string> {
    const log = this.#log(uri);
    if (log === undefined) return '';
    // A tab that VS Code brought back after a reload has read nothing yet.
    if (!log.hasRead) await log.read();
    return log.text;
  }

  #log(uri: vscode.Uri): FollowedLog | undefined {
    const key = uri.toString();
    const [, runId] = uri.path.split('/');
    if (runId === undefined || this.isDisposed) return undefined;
    let log = this.#logs.get(key);
    if (log === undefined) {
      const changed = (): void => this.#options.content.changed(uri);
      const which = /^log=(\d+)$/.exec(uri.query)?.[1];
      const place = { runId: runId as RunId, ...(which === undefined ? {} : { log: Number(which) }) };
      log = this.add(new FollowedLog({ worker: this.#options.worker, ...place, changed }));
      this.#logs.set(key, log);
    }
    return log;
  }

  #follow(runId: RunId): void {
    for (const log of this.#logs.values()) if (log.runId === runId) log.follow();
  }

  #poll(): void {
    for (const log of this.#logs.values()) {
      const run = this.#options.run(log.runId);
      if (run !== undefined && isActive(run.status)) log.follow();
    }
  }

  #close(uri: vscode.Uri): void {
    const log = this.#logs.get(uri.toString());
    if (log === undefined) return;
    this.#logs.delete(uri.toString());
    this.delete(log);
  }

  #noteScroll(editor: vscode.TextEditor): void {
    if (editor.document.uri.scheme !== contentSchemes.log) return;
    const lastSeen = editor.visibleRanges.at(-1)?.end.line ?? 0;
    if (lastSeen >= editor.document.lineCount - 2) this.#left.delete(editor);
    else if (editor.selection.active.line < editor.document.lineCount - 2) this.#left.add(editor);
  }

  #scroll(document: vscode.TextDocument): void {
    if (document.uri.scheme !== contentSchemes.log) return;
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document !== document || this.#left.has(editor)) continue;
      const end = document.lineAt(document.lineCount - 1).range.end;
      editor.selection = new vscode.Selection(end, end);
      editor.revealRange(new vscode.Range(end, end), vscode.TextEditorRevealType.Default);
    }
  }
}
