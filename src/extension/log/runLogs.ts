import * as vscode from 'vscode';
import { Disposables } from '../../base/disposables.ts';
import type { RunId } from '../../domain/ids.ts';
import type { RunSummary } from '../../domain/run.ts';
import { isActive } from '../../domain/run.ts';
import type { RpcClient } from '../../protocol/rpc.ts';
import type { WorkerEvents, WorkerMethods } from '../../protocol/worker.ts';
import { formatSize } from '../ui/numbers.ts';
import { TerminalText } from './terminalText.ts';

type Worker = RpcClient<WorkerMethods, WorkerEvents>;

/** The log is shown from here on back from its end; the whole file is one click away. */
const TAIL_BYTES = 400_000;
const READ_BYTES = 256_000;
/** A live run is asked again this often, beside the worker's own notices. */
const POLL_MS = 2000;
const MAX_CHANNELS = 8;

export interface RunLogsOptions {
  readonly worker: Worker;
  readonly run: (runId: RunId) => RunSummary | undefined;
  readonly failed: (error: unknown) => void;
}

/** Output of runs in output channels: VS Code's own surface for text that follows its end. The oldest channel goes when there are many. */
export class RunLogs extends Disposables {
  readonly #options: RunLogsOptions;
  readonly #open = new Map<RunId, FollowedLog>();

  constructor(options: RunLogsOptions) {
    super();
    this.#options = options;
    this.add(options.worker.on('log.appended', ({ runId }) => this.#open.get(runId)?.follow()));
  }

  /** Shows the log at its end and follows it. */
  async show(run: RunSummary, preserveFocus = false): Promise<void> {
    let log = this.#open.get(run.id);
    if (log === undefined) {
      log = this.add(new FollowedLog(this.#options, run));
      this.#open.set(run.id, log);
      this.#closeOldest();
    }
    log.channel.show(preserveFocus);
    await log.read();
  }

  #closeOldest(): void {
    const [oldest] = this.#open;
    if (this.#open.size <= MAX_CHANNELS || oldest === undefined) return;
    this.#open.delete(oldest[0]);
    this.delete(oldest[1]);
  }
}

class FollowedLog extends Disposables {
  readonly channel: vscode.OutputChannel;
  readonly #options: RunLogsOptions;
  readonly #run: RunSummary;
  readonly #timer: NodeJS.Timeout;
  #text = new TerminalText(TAIL_BYTES);
  #next: number | undefined;
  #before = '';
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(options: RunLogsOptions, run: RunSummary) {
    super();
    this.#options = options;
    this.#run = run;
    this.channel = this.add(vscode.window.createOutputChannel(`Trainyard: ${run.name}`, 'log'));
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
    this.onDispose(() => clearInterval(this.#timer));
  }

  /** Reads what is new, and says so where it cannot. */
  read(): Promise<void> {
    this.#again = true;
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Reads what is new; a failure is left to the next attempt, since nobody asked. */
  follow(): void {
    void this.read().catch(() => undefined);
  }

  #poll(): void {
    const run = this.#options.run(this.#run.id);
    if (run !== undefined && isActive(run.status)) this.follow();
  }

  async #readAll(): Promise<void> {
    while (this.#again && !this.isDisposed) {
      this.#again = false;
      await this.#readToEnd();
    }
  }

  async #readToEnd(): Promise<void> {
    const runId = this.#run.id;
    let from = this.#next ?? (await this.#start());
    for (;;) {
      const { text, next, size } = await this.#options.worker.call('log.read', { runId, from, maxBytes: READ_BYTES });
      if (this.isDisposed) return;
      if (size < from) return await this.#startAnew();
      this.#show(text);
      this.#next = next;
      if (next <= from || next >= size) return;
      from = next;
    }
  }

  /** Where reading begins: near the end of a long log, at the start of a line. */
  async #start(): Promise<number> {
    const { size } = await this.#options.worker.call('log.read', { runId: this.#run.id, from: 0, maxBytes: 1 });
    const from = Math.max(0, size - TAIL_BYTES);
    this.#before = from === 0 ? '' : `… ${formatSize(from)} before this are in ${this.#run.path}\n`;
    if (size === 0) this.channel.replace('');
    return from;
  }

  /** The file was replaced by a shorter one. */
  async #startAnew(): Promise<void> {
    this.#text = new TerminalText(TAIL_BYTES);
    this.#next = undefined;
    this.channel.clear();
    await this.#readToEnd();
  }

  #show(output: string): void {
    const first = this.#next === undefined;
    const change = this.#text.feed(first && this.#before !== '' ? output.slice(output.indexOf('\n') + 1) : output);
    if (first) this.channel.replace(this.#before + this.#text.text);
    else if (change.kind === 'append') this.channel.append(change.text);
    else if (change.kind === 'replace')
      this.channel.replace(
        (this.#text.isCut ? '… earlier output is in the run directory\n' : this.#before) + change.text,
      );
  }
}
